// SPDX-License-Identifier: LGPL-2.1-or-later
// Tests of the classes that know no GStreamer: timeline, cue track, cue text.
#include "timeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "text/cue_text.h"
#include "text/cue_track.h"

namespace npu::gst {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1000 * kMs;
constexpr int kRate = 48000;

Timeline running_at(int64_t start_ns, double seconds) {
  Timeline timeline;
  timeline.start(start_ns, kRate);
  timeline.append(static_cast<int64_t>(seconds * kRate));
  return timeline;
}

struct PlaceCase {
  const char* name;
  int64_t deviation_ns;
  bool discont;
  Timeline::Action action;
  int64_t frames;
};

const PlaceCase kPlaceCases[] = {
    {"ContinuedAudioIsAppended", 0, false, Timeline::Action::kAppend, 0},
    {"DiscontWithoutAHoleIsAppended", 0, true, Timeline::Action::kAppend, 0},
    {"JitterIsAppended", 39 * kMs, true, Timeline::Action::kAppend, 0},
    {"EarlyJitterIsAppended", -39 * kMs, true, Timeline::Action::kAppend, 0},
    {"UnannouncedShortDeviationIsDoubted", 500 * kMs, false, Timeline::Action::kAppend, 0},
    {"ShortHoleIsFilled", 500 * kMs, true, Timeline::Action::kSilence, kRate / 2},
    {"UnannouncedLongDeviationIsBelieved", 1500 * kMs, false, Timeline::Action::kSilence,
     kRate * 3 / 2},
    {"LongHoleEndsTheRun", 10 * kSecond, false, Timeline::Action::kRestart, 0},
    {"RepetitionIsSkipped", -50 * kMs, true, Timeline::Action::kSkip, kRate / 20},
    {"LongRepetitionSkipsTheBuffer", -3 * kSecond, false, Timeline::Action::kSkip, kRate / 10},
    {"ClockThatStartedAgainIsCountedOn", -60 * kSecond, false, Timeline::Action::kAppend, 0},
};

class TimelinePlace : public testing::TestWithParam<PlaceCase> {};

TEST_P(TimelinePlace, Decides) {
  Timeline timeline = running_at(100 * kSecond, 20);
  const Timeline::Placement place = timeline.place(timeline.end_ns() + GetParam().deviation_ns,
                                                   kRate / 10, kRate, GetParam().discont);
  EXPECT_EQ(place.action, GetParam().action);
  EXPECT_EQ(place.frames, GetParam().frames);
}

INSTANTIATE_TEST_SUITE_P(Timeline, TimelinePlace, testing::ValuesIn(kPlaceCases),
                         [](const auto& row) { return row.param.name; });

TEST(Timeline, FirstBufferStartsARun) {
  Timeline timeline;
  EXPECT_EQ(timeline.place(5 * kSecond, 10, kRate, false).action, Timeline::Action::kRestart);
}

TEST(Timeline, AnotherRateStartsARun) {
  Timeline timeline = running_at(0, 1);
  EXPECT_EQ(timeline.place(kSecond, 10, 44100, false).action, Timeline::Action::kRestart);
}

TEST(Timeline, ADeviationThatLastsIsBelieved) {
  Timeline timeline = running_at(0, 1);
  int appended = 0;
  for (; appended < 100; ++appended) {
    const Timeline::Placement place =
        timeline.place(timeline.end_ns() + 300 * kMs, kRate / 10, kRate, false);
    if (place.action != Timeline::Action::kAppend) {
      EXPECT_EQ(place.action, Timeline::Action::kSilence);
      break;
    }
    timeline.append(kRate / 10);
  }
  EXPECT_EQ(appended, 9);  // 1 s of doubt in buffers of 0.1 s
}

TEST(Timeline, EngineTimeFollowsTheTimeStampsOfADriftingSource) {
  Timeline timeline;
  timeline.start(0, kRate);
  // 1 % fast: each second of samples spans 1.01 s of the stream.
  for (int64_t i = 0; i < 600; ++i) {
    EXPECT_EQ(timeline.place(i * 101 * kMs, kRate / 10, kRate, false).action,
              Timeline::Action::kAppend);
    timeline.append(kRate / 10);
  }
  for (const double seconds : {1.0, 17.3, 59.9})
    EXPECT_LE(std::llabs(timeline.at(seconds) - static_cast<int64_t>(seconds * 1.01e9)), 6 * kMs)
        << seconds;
}

TEST(Timeline, DoesNotDriftOverOneSampleBuffers) {
  Timeline timeline;
  timeline.start(0, 44100);
  for (int i = 0; i < 44100 * 10; ++i) timeline.append(1);
  EXPECT_EQ(timeline.end_ns(), 10 * kSecond);
}

TEST(Timeline, ForgettingKeepsWhatIsNeeded) {
  Timeline timeline;
  timeline.start(0, kRate);
  for (int64_t i = 0; i < 100; ++i) {
    static_cast<void>(timeline.place(i * 110 * kMs, kRate / 10, kRate, false));
    timeline.append(kRate / 10);
  }
  const int64_t before = timeline.at(5.05);
  timeline.forget_before(5);
  EXPECT_EQ(timeline.at(5.05), before);
}

TEST(CueTrack, GapsAreNeverLongerThanHalfASecondAndLeaveNothingOut) {
  CueTrack track;
  track.restart(3 * kSecond);
  int64_t at = 3 * kSecond;
  EXPECT_TRUE(track.advance(5 * kSecond + 123, [&](const Stretch& gap) {
    EXPECT_EQ(gap.start_ns, at);
    EXPECT_GT(gap.duration_ns, 0);
    EXPECT_LE(gap.duration_ns, CueTrack::kLongestGap_ns);
    at += gap.duration_ns;
    return true;
  }));
  EXPECT_EQ(at, 5 * kSecond + 123);
}

TEST(CueTrack, CuesNeverOverlapAndAlwaysLast) {
  CueTrack track;
  const Stretch first = track.clamp(kSecond, 3 * kSecond);
  track.passed(first);
  const Stretch second = track.clamp(2 * kSecond, 4 * kSecond);
  EXPECT_EQ(second.start_ns, 3 * kSecond);
  EXPECT_EQ(second.duration_ns, kSecond);
  track.passed(second);
  const Stretch swallowed = track.clamp(2 * kSecond, 3 * kSecond);
  EXPECT_EQ(swallowed.start_ns, 4 * kSecond);
  EXPECT_EQ(swallowed.duration_ns, CueTrack::kShortestCue_ns);
}

struct TextCase {
  const char* name;
  std::string raw;
  std::string clean;
};

const TextCase kTextCases[] = {
    {"LeadingSpaceGoes", " Hello there.", "Hello there."},
    {"TrailingNewlineGoes", "Hello\n", "Hello"},
    {"BlankLinesGo", "one\n\n \r\ntwo", "one\ntwo"},
    {"SpacesAroundLineEndsGo", "one  \n  two", "one\ntwo"},
    {"FileArrowBecomesAnArrow", "1 --> 2", "1 \xE2\x86\x92 2"},
    {"NulBecomesASpace", std::string("a\0b", 3), "a b"},
    {"ControlCharactersBecomeSpaces",
     "a\x01\x7F\xC2\x85"
     "b",
     "a b"},
    {"BrokenBytesAreReplaced", "a\xFF\xC3(", "a\xEF\xBF\xBD\xEF\xBF\xBD("},
    {"SurrogatesAreReplaced", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"OverlongFormsAreReplaced", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"ByteOrderMarkGoes", "\xEF\xBB\xBFhi", "hi"},
    {"OtherScriptsStay", " \xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1 \xF0\x9F\x98\x80",
     "\xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1 \xF0\x9F\x98\x80"},
    {"WhiteSpaceAloneIsNothing", " \n\t ", ""},
};

class CueText : public testing::TestWithParam<TextCase> {};

TEST_P(CueText, IsCleaned) {
  EXPECT_EQ(clean_cue_text(GetParam().raw), GetParam().clean);
}

INSTANTIATE_TEST_SUITE_P(CueText, CueText, testing::ValuesIn(kTextCases),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace npu::gst
