// SPDX-License-Identifier: LGPL-2.1-or-later
// Live sources: the latency answer, early pieces, and audio dropped instead of an upstream held up.
#include "element_fixture.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

struct Latency {
  gboolean live = FALSE;
  GstClockTime least = 0;
  GstClockTime most = 0;
};

Latency ask(Element& element) {
  const gst::QueryPtr query(gst_query_new_latency());
  Latency answer;
  EXPECT_TRUE(gst_pad_peer_query(element.output(), query.get()));
  gst_query_parse_latency(query.get(), &answer.live, &answer.least, &answer.most);
  return answer;
}

TEST(ElementLatency, OfALiveSourceIsUpstreamsAndTheProperty) {
  Element element;
  element.set_upstream(true, 20 * GST_MSECOND);
  g_object_set(element.get(), "latency", 2000U, nullptr);
  element.set_state(GST_STATE_PAUSED);
  const Latency answer = ask(element);
  EXPECT_TRUE(answer.live);
  EXPECT_EQ(answer.least, 2020 * GST_MSECOND);
  EXPECT_EQ(answer.most, GST_CLOCK_TIME_NONE);
}

TEST(ElementLatency, OfAFileIsUpstreams) {
  Element element;
  element.set_upstream(false, 5 * GST_MSECOND);
  element.set_state(GST_STATE_PAUSED);
  const Latency answer = ask(element);
  EXPECT_FALSE(answer.live);
  EXPECT_EQ(answer.least, 5 * GST_MSECOND);
}

TEST(ElementLatency, AChangeIsAnnounced) {
  Element element;
  element.set_upstream(true);
  element.set_state(GST_STATE_PAUSED);
  ask(element);
  g_object_set(element.get(), "latency", 3000U, nullptr);
  EXPECT_TRUE(element.find_message(GST_MESSAGE_LATENCY));
  EXPECT_EQ(ask(element).least, 3 * GST_SECOND);
  g_object_set(element.get(), "latency", 3000U, nullptr);
  EXPECT_FALSE(element.find_message(GST_MESSAGE_LATENCY));
}

TEST(ElementLive, TextComesBeforeAWindowIsFull) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 4000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  // Pieces of 2 s, without an end: only the cut can bring the text out.
  element.push_audio(kPlain, make_audio(kPlain, 6, {{0.2, 0.6}}).get(), 0, 160);
  element.wait_for_cue();
  EXPECT_EQ(element.cues()[0].pts, 200 * GST_MSECOND);
}

TEST(ElementLive, NoAudioIsLostBetweenPieces) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 4000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 20, {{1, 1.4}, {5, 5.4}, {9, 9.4}, {13, 13.4}, {17, 17.4}});
  element.push_audio(kPlain, audio.get(), 0, 160);
  element.end();
  element.set_state(GST_STATE_NULL);
  size_t samples = 0;
  for (const auto& run : element.script().runs) samples += run.size();
  EXPECT_EQ(samples, 20U * 16000);
  ASSERT_EQ(element.cues().size(), 5U);
  for (size_t i = 0; i < 5; ++i)
    EXPECT_NEAR(static_cast<double>(element.cues()[i].pts) / 1e9,
                1.0 + 4.0 * static_cast<double>(i), 0.002);
}

TEST(ElementLive, SlowEngineDropsTheOldestAndSaysSo) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 2000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.script().step_gate.close();
  const auto second = make_audio(kPlain, 1, {{0.2, 0.6}});
  // Two minutes that nobody hears: upstream is never held up.
  for (GstClockTime i = 0; i < 120; ++i)
    EXPECT_EQ(element.push_audio(kPlain, second.get(), i * GST_SECOND, 1600), GST_FLOW_OK);
  const auto message = element.wait_message(GST_MESSAGE_QOS);
  gboolean live = FALSE;
  guint64 running = 0;
  guint64 duration = 0;
  guint64 dropped = 0;
  gst_message_parse_qos(message.get(), &live, &running, nullptr, nullptr, &duration);
  gst_message_parse_qos_stats(message.get(), nullptr, nullptr, &dropped);
  EXPECT_TRUE(live);
  EXPECT_TRUE(GST_CLOCK_TIME_IS_VALID(running));
  EXPECT_GE(duration, GST_SECOND);
  EXPECT_GE(dropped, 16000U);
  element.script().step_gate.open();
  element.end();
  // The last half minute was kept, in its place.
  ASSERT_FALSE(element.cues().empty());
  EXPECT_NEAR(static_cast<double>(element.cues().back().pts) / 1e9, 119.2, 0.002);
  GstClockTime at = 0;
  for (const Output& output : element.outputs()) {
    if (!GST_CLOCK_TIME_IS_VALID(output.pts)) continue;
    EXPECT_EQ(output.pts, at);
    at = output.pts + output.duration;
  }
}

TEST(ElementLive, TextThatIsLateIsWarnedOfOnce) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 0U, nullptr);
  GstClock* clock = gst_system_clock_obtain();
  gst_element_set_clock(element.get(), clock);
  // The pipeline has been running for an hour: all text is late.
  gst_element_set_base_time(element.get(), gst_clock_get_time(clock) > 3600 * GST_SECOND
                                               ? gst_clock_get_time(clock) - 3600 * GST_SECOND
                                               : 0);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 10, {}).get(), 0, 1600);
  const auto message = element.wait_message(GST_MESSAGE_WARNING);
  const GstStructure* details = nullptr;
  gst_message_parse_warning_details(message.get(), &details);
  ASSERT_TRUE(details);
  EXPECT_TRUE(gst_structure_has_field(details, "observed-delay"));
  element.end();
  EXPECT_FALSE(element.find_message(GST_MESSAGE_WARNING));
  gst_object_unref(clock);
}

TEST(ElementLive, AudioAfterAHoleIsHeardOnceTheLanguageIsSettled) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 2000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.2, 0.6}}).get(), 0, 160);
  element.wait_for_cue();
  element.push_audio(kPlain, make_audio(kPlain, 3, {{0.2, 0.6}}).get(), 20 * GST_SECOND, 160);
  element.end();
  ASSERT_EQ(element.cues().size(), 2U);
  EXPECT_EQ(element.cues()[1].pts, 20'200 * GST_MSECOND);
}

TEST(ElementLive, DetectsTheLanguageOnce) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 2000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.2, 0.6}}).get(), 0, 160);
  element.wait_for_cue();
  element.script().language = "fr";
  element.push_audio(kPlain, make_audio(kPlain, 3, {{0.2, 0.6}}).get(), 2 * GST_SECOND, 160);
  element.end();
  int tags = 0;
  for (const Output& output : element.outputs()) tags += output.event == GST_EVENT_TAG;
  EXPECT_EQ(tags, 1);
}

}  // namespace
}  // namespace npu::testing
