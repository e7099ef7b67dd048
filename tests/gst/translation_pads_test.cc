// SPDX-License-Identifier: LGPL-2.1-or-later
// Translation pads that are asked for, linked and let go while the element runs.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "timeline_contract.h"
#include "translation_fixture.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

void send_segment(Element& element) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
}

TEST(ElementTranslationPads, ComeAndGoInEveryState) {
  Element element;
  for (const GstState state :
       {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING}) {
    element.set_state(state);
    Translation translation(element);
    ASSERT_TRUE(translation.source());
  }
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
  element.end();
  EXPECT_EQ(element.cues().size(), 1U);
}

// One pad, asked for while the stream runs: gets the beginning of the stream, no gap over the past,
// and text from there on.
TEST(ElementTranslationPads, ThatComeLateGetTextFromThereOn) {
  Element element;
  element.script().window_s = 2;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2.1, {{0.5, 1}}).get(), 0);
  element.wait_for_cue();
  Translation translation(element);
  translation->wait_for(GST_EVENT_SEGMENT);
  const auto audio = make_audio(kPlain, 4, {{1, 1.5}, {3, 3.5}});
  element.push_audio(kPlain, audio.get(), 2100 * GST_MSECOND);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  const auto outputs = translation->outputs();
  EXPECT_EQ(kinds(outputs, 4), kBeginning);
  const auto gaps = only(outputs, GST_EVENT_GAP);
  ASSERT_FALSE(gaps.empty());
  EXPECT_GE(gaps[0].pts, 500 * GST_MSECOND);
  expect_contract(outputs, gaps[0].pts);
  ASSERT_EQ(translation->cues().size(), 2U);
  EXPECT_EQ(translation->cues()[1].pts, 5100 * GST_MSECOND);
  // The transcript goes on over it.
  expect_contract(element.outputs(), 0);
  EXPECT_EQ(element.cues().size(), 3U);
}

// What was sent before a pad had a peer is heard by the peer without waiting for more audio.
TEST(ElementTranslationPads, LinkedAfterTheStartHearIt) {
  Element element;
  Translation translation(element, Translation::Linked::kLater);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  translation.wait_until_sent(GST_EVENT_SEGMENT);
  translation.link();
  translation->wait_for(GST_EVENT_SEGMENT);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  const auto outputs = translation->outputs();
  EXPECT_EQ(kinds(outputs, 4), kBeginning);
  expect_contract(outputs, 0);
  EXPECT_EQ(translation->cues().size(), 1U);
}

TEST(ElementTranslationPads, LinkedAfterTheEndHearOfIt) {
  Element element;
  Translation translation(element, Translation::Linked::kLater);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {}).get(), 0);
  element.end();
  translation.wait_until_sent(GST_EVENT_EOS);
  translation.link();
  translation->wait_for(GST_EVENT_EOS);
  const auto outputs = translation->outputs();
  EXPECT_EQ(kinds(outputs, 4), kBeginning);
  EXPECT_EQ(outputs.size(), 5U);
}

TEST(ElementTranslationPads, AskedForAfterTheEndHearOfIt) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  Translation translation(element);
  translation->wait_for(GST_EVENT_EOS);
  EXPECT_EQ(kinds(translation->outputs(), 4), kBeginning);
  EXPECT_TRUE(translation->cues().empty());
}

// Downstream hears of another format as soon as it has asked, and of nothing twice.
TEST(ElementTranslationPads, TellANewFormatAndNothingElse) {
  Element element;
  Translation translation(element);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  translation->wait_for(GST_EVENT_TAG);
  translation->take();
  translation->set_accepted("application/x-json");
  translation->wait_for(GST_EVENT_CAPS);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  const auto outputs = translation->outputs();
  EXPECT_EQ(kinds(outputs, 2), (std::vector<GstEventType>{GST_EVENT_CAPS, GST_EVENT_GAP}));
  EXPECT_EQ(only(outputs, GST_EVENT_CAPS).size(), 1U);
  EXPECT_TRUE(only(outputs, GST_EVENT_TAG).empty());
  EXPECT_EQ(translation->cues().at(0).text.front(), '{');
}

// Upstream is told that nothing is linked, and, without another cue, that something is again.
TEST(ElementTranslationPads, ThatAreLinkedAgainTakeTextAgain) {
  Receiver again;
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const gst::ObjectPtr<GstPad> source(gst_element_get_static_pad(element.get(), "src"));
  gst_pad_unlink(source.get(), element.output());
  const auto cue = make_audio(kPlain, 1.1, {{0.2, 0.5}});
  const auto silence = make_audio(kPlain, 0.01, {});
  GstClockTime at = 0;
  GstFlowReturn flow = element.push_audio(kPlain, cue.get(), at);
  for (at += 1100 * GST_MSECOND; flow == GST_FLOW_OK; at += 10 * GST_MSECOND)
    flow = element.push_audio(kPlain, silence.get(), at);
  EXPECT_EQ(flow, GST_FLOW_NOT_LINKED);
  again.link(source.get());
  while (flow == GST_FLOW_NOT_LINKED) flow = element.push_audio(kPlain, silence.get(), at);
  EXPECT_EQ(flow, GST_FLOW_OK);
  EXPECT_EQ(element.push_audio(kPlain, cue.get(), at + 10 * GST_MSECOND), GST_FLOW_OK);
  element.send(gst_event_new_eos());
  again.wait_for(GST_EVENT_EOS);
  EXPECT_EQ(again.cues().size(), 1U);
}

// The transcript of the run in which a pad came is not taken for its translation.
TEST(ElementTranslationPads, ThatComeLateGetNoTranscript) {
  Element element;
  element.script().window_s = 2;
  element.script().language = "fr";
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  constexpr guint64 kFrames = 40000;  // one buffer of 2.5 s, of which a window is decoded at once
  const auto audio = make_audio(kPlain, 2.5, {{0.5, 1}, {2.1, 2.4}});
  element.push_audio(kPlain, audio.get(), 0, kFrames);
  element.wait_for_cue();
  Translation translation(element);
  element.push_audio(kPlain, audio.get(), 2500 * GST_MSECOND, kFrames);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  EXPECT_EQ(summary(translation->outputs()),
            (std::vector<std::string>{"3000000000 500000000 translated",
                                      "4600000000 300000000 translated"}));
  EXPECT_EQ(element.cues().size(), 4U);
}

// Older than all threads, since no lock that ThreadSanitizer sees comes before a pad's thread.
Gate pad_thread_ends;

// Holds the next thread of a source pad that ends, and whoever waits for that with it.
class HeldEnd {
 public:
  explicit HeldEnd(Element& element) : bus_(gst_element_get_bus(element.get())) {
    pad_thread_ends.close();
    gst_bus_set_sync_handler(bus_.get(), on_message, nullptr, nullptr);
  }
  ~HeldEnd() {
    gst_bus_set_sync_handler(bus_.get(), nullptr, nullptr, nullptr);
    let_go();
  }
  HeldEnd(const HeldEnd&) = delete;
  HeldEnd& operator=(const HeldEnd&) = delete;

  void wait_until_held() { pad_thread_ends.wait_until_held(); }
  void let_go() { pad_thread_ends.open(); }

 private:
  static GstBusSyncReply on_message(GstBus*, GstMessage* message, gpointer) {
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_STREAM_STATUS) return GST_BUS_PASS;
    GstStreamStatusType type{};
    gst_message_parse_stream_status(message, &type, nullptr);
    if (type == GST_STREAM_STATUS_TYPE_LEAVE) pad_thread_ends.pass({});
    return GST_BUS_PASS;
  }

  const gst::ObjectPtr<GstBus> bus_;
};

// A pad that comes and goes during a step is still a member when the step ends, but takes nothing.
TEST(ElementTranslationPads, OnTheirWayOutAreToldNothing) {
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.script().step_gate.close();
  const auto audio = make_audio(kPlain, 1, {{0.2, 0.5}});
  element.push_audio(kPlain, audio.get(), 0);
  element.script().step_gate.wait_until_held();
  HeldEnd end(element);
  Translation translation(element);
  std::thread release([&] { translation.release(); });
  end.wait_until_held();
  element.script().step_gate.open();
  for (int i = 1; i < 10; ++i) element.push_audio(kPlain, audio.get(), ns(i));
  element.end();
  EXPECT_FALSE(element.script().translating);
  end.let_go();
  release.join();
  EXPECT_EQ(element.cues().size(), 10U);
  EXPECT_TRUE(translation->outputs().empty());
}

// The stream that a flush has ended is not told to a pad that comes before the next one begins.
TEST(ElementTranslationPads, AskedForDuringAFlushHearOfTheNextStreamOnly) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 3, {{1, 2}});
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  element.send(gst_event_new_flush_start());
  Translation translation(element);
  element.send(gst_event_new_flush_stop(TRUE));
  send_segment(element);
  element.push_audio(kPlain, audio.get(), 0);
  element.take();
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  const auto outputs = translation->outputs();
  EXPECT_EQ(only(outputs, GST_EVENT_SEGMENT).size(), 1U);
  EXPECT_EQ(only(outputs, GST_EVENT_EOS).size(), 1U);
  EXPECT_EQ(translation->cues().size(), 1U);
}

TEST(ElementTranslationPads, ReleaseEndsAnInferenceForNobodyElse) {
  Element element;
  element.script().window_s = 2;
  auto translation = std::make_unique<Translation>(element);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.script().step_gate.close();
  element.push_audio(kPlain, make_audio(kPlain, 3, {{0.5, 1}}).get(), 0);
  element.script().step_gate.wait_until_held();
  translation.reset();  // in the middle of a step
  element.script().step_gate.open();
  element.push_audio(kPlain, make_audio(kPlain, 3, {{0.5, 1}}).get(), 3 * GST_SECOND);
  element.end();
  EXPECT_EQ(element.cues().size(), 2U);
  EXPECT_FALSE(element.script().translating);
}

TEST(ElementTranslationPads, ComeAndGoWhileTheStreamSeeks) {
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 5, {{1, 2}, {3, 4}});
  std::atomic<bool> going{true};
  std::thread pads([&] {
    while (going) Translation translation(element);
  });
  for (int i = 0; i < 50; ++i) {
    send_segment(element);
    EXPECT_EQ(element.push_audio(kPlain, audio.get(), 0, 8000), GST_FLOW_OK);
    element.flush();
  }
  going = false;
  pads.join();
  element.take();
  send_segment(element);
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  EXPECT_EQ(element.cues().size(), 2U);
}

}  // namespace
}  // namespace npu::testing
