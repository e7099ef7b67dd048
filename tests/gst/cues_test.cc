// SPDX-License-Identifier: LGPL-2.1-or-later
// output-mode: segments and words on the timeline.
#include <algorithm>

#include "element_fixture.h"
#include "timeline_contract.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

std::string all_text(const std::vector<Output>& cues) {
  std::string all;
  for (const Output& cue : cues) all += (all.empty() ? "" : " ") + cue.text;
  std::replace(all.begin(), all.end(), '\n', ' ');
  return all;
}

// Plays a signal to its end.
void play(Element& element, double seconds, const std::vector<Burst>& bursts) {
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, seconds, bursts).get(), 0);
  element.end();
}

class ElementModes : public ::testing::TestWithParam<const char*> {};

TEST_P(ElementModes, KeepTheTimelineContract) {
  Element element(GetParam());
  element.script().window_s = 5;
  play(element, 40, {{1, 2}, {2.2, 4.9}, {5.05, 9}, {9.3, 9.4}, {9.6, 12}, {20.5, 23}, {39.5, 40}});
  expect_contract(element.outputs(), 0);
  EXPECT_EQ(all_text(element.cues()), "loud 1 loud 2 loud 3 loud 4 loud 5 loud 6 loud 7");
  const Output& last = element.outputs()[element.outputs().size() - 2];
  EXPECT_GE(last.event == GST_EVENT_GAP ? last.pts + last.duration : 40 * GST_SECOND,
            40 * GST_SECOND);
}

TEST_P(ElementModes, KeepItOverHolesSegmentsStreamsAndCaps) {
  Element element(GetParam());
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 3, {{0.5, 1}, {2.5, 3}});
  element.push_audio(kPlain, audio.get(), 0);
  element.push_audio(kPlain, audio.get(), 13 * GST_SECOND);
  const GstAudioInfo stereo = audio_format(GST_AUDIO_FORMAT_F32LE, 44100, 2);
  GstAudioInfo copy = stereo;
  const gst::CapsPtr caps(gst_audio_info_to_caps(&copy));
  element.send(gst_event_new_caps(caps.get()));
  element.push_audio(stereo, make_audio(stereo, 3, {{0, 0.5}, {2.5, 3}}).get(), 16 * GST_SECOND);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  segment.time = 19 * GST_SECOND;
  segment.base = 19 * GST_SECOND;
  element.send(gst_event_new_segment(&segment));
  element.push_audio(stereo, make_audio(stereo, 2, {{0, 0.5}}).get(), 100 * GST_SECOND);
  element.begin(kPlain);
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  expect_contract(element.outputs(), 0);
  std::string expected;
  for (int run = 0; run < 5; ++run)
    for (int i = 1; i <= (run == 3 ? 1 : 2); ++i) expected += text(" loud ", i);
  EXPECT_EQ(all_text(element.cues()), expected.substr(1));
}

TEST_P(ElementModes, GiveTheSameBytesAgainAfterAFlushingSeek) {
  Element element(GetParam());
  element.script().window_s = 4;
  const std::vector<Burst> bursts = {{1, 2}, {2.2, 4.9}, {5.05, 9}, {11, 11.5}};
  play(element, 12, bursts);
  const auto expected = summary(element.outputs());
  EXPECT_FALSE(expected.empty());
  const auto again = [&](double seconds) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    element.send(gst_event_new_segment(&segment));
    element.push_audio(kPlain, make_audio(kPlain, seconds, bursts).get(), 0);
  };
  element.flush();
  again(6.5);  // ends within speech: words that wait for the rest of their cue
  element.flush();
  element.take();
  again(12);
  element.end();
  EXPECT_EQ(summary(element.outputs()), expected);
}

INSTANTIATE_TEST_SUITE_P(Element, ElementModes, ::testing::Values("segments", "words"),
                         [](const auto& row) { return std::string(row.param); });

TEST(ElementWords, AreOneBufferEach) {
  Element element("words");
  element.script().segment_text = " And so, who ran";
  play(element, 4, {{1, 3}});
  const auto cues = element.cues();
  ASSERT_EQ(cues.size(), 4U);
  const char* expected[] = {"And", "so,", "who", "ran"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(cues[i].text, expected[i]);
    EXPECT_EQ(cues[i].pts, GST_SECOND + i * GST_SECOND / 2);
    EXPECT_EQ(cues[i].duration, GST_SECOND / 2);
  }
}

TEST(ElementUtterances, EndWithAFinalTranscriptAfterAPause) {
  Element element("segments");
  element.script().window_s = 5;
  play(element, 12, {{1, 2}, {2.5, 3}, {6, 7}});
  std::vector<std::string> order;
  for (const Output& output : element.outputs()) {
    if (output.is_cue()) order.push_back(output.text);
    if (output.event == GST_EVENT_CUSTOM_DOWNSTREAM)
      order.push_back(gst_structure_get_name(gst_event_get_structure(output.raw.get())));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"loud 1", "loud 2", "rstranscribe/final-transcript",
                                             "loud 3", "rstranscribe/final-transcript"}));
}

}  // namespace
}  // namespace npu::testing
