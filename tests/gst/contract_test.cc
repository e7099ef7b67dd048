// SPDX-License-Identifier: LGPL-2.1-or-later
// Clauses of the timeline contract (docs/elements.md, "Timeline") that have no other test.
#include <string>
#include <vector>

#include "timeline_contract.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

GstSegment plain_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  return segment;
}

// PTS of the buffers that are marked, in ms.
std::vector<GstClockTime> discont_at(const std::vector<Output>& outputs) {
  std::vector<GstClockTime> times;
  for (const Output& output : outputs)
    if (output.is_cue() && output.discont) times.push_back(output.pts / GST_MSECOND);
  return times;
}

TEST(TimelineContract, GapsComeAsSoonAsSilenceIsDecided) {
  Element element;
  element.script().window_s = 2;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2.1, {}).get(), 0);
  element.wait_for(GST_EVENT_GAP);  // without EOS, or more audio
  element.end();
  expect_contract(element.outputs(), 0);
}

TEST(TimelineContract, AudioThatBeginsLateHasGapsBeforeIt) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 3 * GST_SECOND);
  element.end();
  EXPECT_EQ(summary(element.outputs()), std::vector<std::string>{"3500000000 500000000 loud 1"});
  expect_contract(element.outputs(), 0);
  const auto gaps = only(element.outputs(), GST_EVENT_GAP);
  ASSERT_FALSE(gaps.empty());
  EXPECT_EQ(gaps[0].pts, 0U);
}

struct SegmentCase {
  const char* name;
  double rate;
  GstClockTime start, offset, base, time;
};

class TimelineSegment : public ::testing::TestWithParam<SegmentCase> {};

// A cue is shown when its audio is heard, whatever the segment does to running time.
TEST_P(TimelineSegment, RunningTimesAreThoseOfTheAudio) {
  const SegmentCase& row = GetParam();
  GstSegment segment = plain_segment();
  segment.rate = row.rate;
  segment.start = segment.position = row.start;
  segment.offset = row.offset;
  segment.base = row.base;
  segment.time = row.time;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  element.push_audio(kPlain, make_audio(kPlain, 5, {{3, 4}}).get(), row.start);
  element.end();
  ASSERT_EQ(element.cues().size(), 1U);
  const Output cue = element.cues()[0];
  EXPECT_EQ(cue.pts, row.time + 3 * GST_SECOND);
  GstSegment text;
  gst_event_copy_segment(only(element.outputs(), GST_EVENT_SEGMENT)[0].raw.get(), &text);
  for (const GstClockTime into : {3 * GST_SECOND, 4 * GST_SECOND})
    EXPECT_EQ(gst_segment_to_running_time(&text, GST_FORMAT_TIME, row.time + into),
              gst_segment_to_running_time(&segment, GST_FORMAT_TIME, row.start + into));
  expect_contract(element.outputs(), row.time);
}

INSTANTIATE_TEST_SUITE_P(
    Element, TimelineSegment,
    ::testing::Values(SegmentCase{"Plain", 1, 0, 0, 0, 0},
                      SegmentCase{"StartAndBase", 1, 90 * GST_SECOND, 0, 7 * GST_SECOND, 0},
                      SegmentCase{"Offset", 1, 10 * GST_SECOND, 2 * GST_SECOND, GST_SECOND,
                                  4 * GST_SECOND},
                      SegmentCase{"Fast", 2, 10 * GST_SECOND, 0, 3 * GST_SECOND, 10 * GST_SECOND},
                      SegmentCase{"Slow", 0.5, 0, 0, 0, 0}),
    [](const auto& row) { return row.param.name; });

// A rate that upstream has applied makes another sound of the audio.
TEST(TimelineContract, AppliedRatesPassWithoutText) {
  for (const double applied : {2.0, -1.0}) {
    GstSegment segment = plain_segment();
    segment.applied_rate = applied;
    Element element;
    element.set_state(GST_STATE_PLAYING);
    element.begin(kPlain, segment);
    EXPECT_EQ(element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0, 16000),
              GST_FLOW_OK);
    element.end();
    EXPECT_TRUE(element.cues().empty()) << applied;
    EXPECT_EQ(only(element.outputs(), GST_EVENT_GAP).size(), 2U) << applied;
  }
}

TEST(TimelineContract, DiscontMarksTheFirstCueBehindABreakAndNoOther) {
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 4, {{0.5, 0.8}, {2.5, 2.8}});
  element.push_audio(kPlain, audio.get(), 0);
  element.push_audio(kPlain, audio.get(), 4 * GST_SECOND);   // goes on
  element.push_audio(kPlain, audio.get(), 20 * GST_SECOND);  // behind a hole
  GstSegment next = plain_segment();
  next.time = 30 * GST_SECOND;
  next.base = 24 * GST_SECOND;
  element.send(gst_event_new_segment(&next));
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  EXPECT_EQ(discont_at(element.take()), (std::vector<GstClockTime>{500, 20500, 30500}));
  element.flush();
  const GstSegment again = plain_segment();
  element.send(gst_event_new_segment(&again));
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  EXPECT_EQ(discont_at(element.outputs()), std::vector<GstClockTime>{500});
}

}  // namespace
}  // namespace npu::testing
