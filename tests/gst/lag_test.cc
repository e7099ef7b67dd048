// SPDX-License-Identifier: LGPL-2.1-or-later
// max-lag: how far text trails the audio, counted in audio, so that no clock has a say.
#include "element_fixture.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);
constexpr GstClockTime kBuffer = 100 * GST_MSECOND;

// Speech without an end: bursts of 0.9 s, one a second.
gst::BufferPtr long_speech(int seconds) {
  std::vector<Burst> bursts;
  for (int second = 0; second < seconds; ++second) bursts.push_back({second + 0.05, second + 0.95});
  return make_audio(kPlain, seconds, bursts);
}

// Pushes `audio` buffer by buffer. After each, waits for everything that must have come out: hangs
// if anything is later than `lag`.
void expect_lag(Element& element, GstBuffer* audio, GstClockTime lag) {
  const auto frames = kBuffer * 16000 / GST_SECOND;
  const auto count = gst_buffer_get_size(audio) / 2 / frames;
  for (guint64 i = 0; i < count; ++i) {
    element.push(slice(audio, kPlain, i * frames, (i + 1) * frames, i * kBuffer));
    const GstClockTime pushed = (i + 1) * kBuffer;
    if (pushed > lag) element.wait_for_time(pushed - lag);
  }
}

TEST(ElementLag, SegmentsTrailByTheLagAtMost) {
  Element element;
  g_object_set(element.get(), "max-lag", 3000, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  expect_lag(element, long_speech(20).get(), 3 * GST_SECOND);
  element.end();
  EXPECT_EQ(element.cues().size(), 20U);
}

// The shaper waits for words up to the lag behind the start of a cue, and for the word that is
// there then.
TEST(ElementLag, CuesOfSpeechWithoutPausesTrailByTwiceTheLagAndAWord) {
  Element element("cues");
  element.script().segment_text = " seven words that do not end anything";
  g_object_set(element.get(), "max-lag", 3000, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  expect_lag(element, long_speech(30).get(), 7 * GST_SECOND);
  element.end();
  EXPECT_GE(element.cues().size(), 4U);
}

// A pause may come before that word, and another before the word that ends it.
TEST(ElementLag, CuesTrailByTwiceTheLagAndFiveSecondsAtMost) {
  Element element("cues");
  element.script().segment_text = " two words";
  g_object_set(element.get(), "max-lag", 2000, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  std::vector<Burst> bursts;
  for (double start_s = 0.5; start_s < 37; start_s += 2.6)
    bursts.insert(bursts.end(), {{start_s, start_s + 0.3}, {start_s + 0.7, start_s + 1}});
  expect_lag(element, make_audio(kPlain, 40, bursts).get(), 9 * GST_SECOND);
  element.end();
  EXPECT_GE(element.cues().size(), 10U);
}

TEST(ElementLag, IsAWholeWindowUnlessItIsSet) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, long_speech(35).get(), 0);
  element.wait_for_cue();
  EXPECT_EQ(element.script().steps, 1);
  element.end();
}

TEST(ElementLag, ThatIsTooShortIsAnErrorThatNamesTheProperty) {
  for (const int lag_ms : {0, 500, 999}) {
    Element element;
    g_object_set(element.get(), "max-lag", lag_ms, nullptr);
    element.set_state(GST_STATE_PLAYING);
    element.begin(kPlain);
    element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0);
    GError* error = nullptr;
    gchar* details = nullptr;
    gst_message_parse_error(element.wait_message(GST_MESSAGE_ERROR).get(), &error, &details);
    EXPECT_NE((std::string(error->message) + details).find("max-lag: expected at least 1000 ms"),
              std::string::npos)
        << error->message << details;
    g_error_free(error);
    g_free(details);
  }
}

// Pieces of live audio are as long as half the latency or max-lag, whichever is less: without an
// end, text comes out of no more audio than that.
struct LiveCase {
  const char* name;
  guint latency_ms;
  gint max_lag_ms;
};

class LiveLag : public ::testing::TestWithParam<LiveCase> {};

TEST_P(LiveLag, TheShorterOfLagAndHalfTheLatencyCounts) {
  Element element;
  element.set_upstream(true);
  g_object_set(element.get(), "latency", GetParam().latency_ms, "max-lag", GetParam().max_lag_ms,
               nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2.1, {{0.2, 0.6}}).get(), 0, 1600);
  element.wait_for_cue();
  EXPECT_EQ(element.cues()[0].pts, 200 * GST_MSECOND);
  EXPECT_EQ(element.script().steps, 1);
}

INSTANTIATE_TEST_SUITE_P(Element, LiveLag,
                         ::testing::Values(LiveCase{"Lag", 20000, 2000},
                                           LiveCase{"HalfTheLatency", 4000, 20000},
                                           LiveCase{"HalfTheLatencyAlone", 4000, -1}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ElementLag, IsNoPartOfTheLatencyOfALiveSource) {
  Element element;
  element.set_upstream(true, 20 * GST_MSECOND);
  g_object_set(element.get(), "latency", 4000U, "max-lag", 1000, nullptr);
  element.set_state(GST_STATE_PAUSED);
  const gst::QueryPtr query(gst_query_new_latency());
  ASSERT_TRUE(gst_pad_peer_query(element.output(), query.get()));
  GstClockTime least = 0;
  gst_query_parse_latency(query.get(), nullptr, &least, nullptr);
  EXPECT_EQ(least, 4020 * GST_MSECOND);
}

}  // namespace
}  // namespace npu::testing
