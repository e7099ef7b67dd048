// SPDX-License-Identifier: LGPL-2.1-or-later
// The loop over windows: where segments are cut, where the next window begins, what is silence,
// which clips are heard.
#include "whisper/longform.h"

#include <gtest/gtest.h>

#include "longform_bench.h"

namespace npu {
namespace {

using testing::at;
using testing::drive;
using testing::english;
using testing::Outcome;
using testing::Said;
using testing::script_of;
using testing::some_noise;
using testing::transcriber_of;

using Lines = std::vector<std::string>;

Outcome transcribe(const std::vector<Said>& windows, double seconds,
                   const TranscribeOptions& options = english()) {
  return drive(*transcriber_of(script_of(windows), options), some_noise(seconds));
}

const Said kNothingMore{{at(0), 400, at(1)}};

struct SplitCase {
  const char* name;
  std::vector<int> tokens;
  double seconds;  // of audio
  Lines first;     // segments of the first window
  int next;        // where the second window begins; -1: there is none
};

class SplitOf : public ::testing::TestWithParam<SplitCase> {};

TEST_P(SplitOf, CutsAndSeeksAsTheReference) {
  const Outcome outcome = transcribe({{GetParam().tokens}, kNothingMore}, GetParam().seconds);
  ASSERT_FALSE(outcome.error);
  Lines first;
  int next = -1;
  for (const Segment& segment : outcome.segments) {
    if (segment.seek == 0) {
      first.push_back(testing::line(segment));
    } else if (next < 0) {
      next = segment.seek;
    }
  }
  EXPECT_EQ(first, GetParam().first);
  EXPECT_EQ(next, GetParam().next);
}

const SplitCase kSplits[] = {
    {"UnfinishedTailIsHeardAgain",
     {at(0), 300, at(2), at(2), 301, at(5), at(5), 302},
     60,
     {"0: 0.00-2.00 w300", "0: 2.00-5.00 w301"},
     500},
    {"PairAtTheEndSeeksThere",
     {at(0.2), 300, at(2), at(2.4), 301, at(5), at(5.5)},
     60,
     {"0: 0.20-2.00 w300", "0: 2.40-5.00 w301"},
     500},
    {"SingleEndingSkipsTheWindow",
     {at(0), 300, at(2), at(2), 301, at(5)},
     60,
     {"0: 0.00-2.00 w300", "0: 2.00-5.00 w301"},
     3000},
    {"OneTimestampPairKeepsItsEnd", {at(0), 300, at(7.4)}, 60, {"0: 0.00-7.40 w300"}, 3000},
    {"OnlyAStartLastsTheWindow", {at(0), 300}, 60, {"0: 0.00-30.00 w300"}, 3000},
    {"OnlyALateStartIsTakenForTheEnd", {at(0.5), 300}, 60, {"0: 0.00-0.50 w300"}, 3000},
    {"ShortInputLastsAsLongAsItIs", {at(0), 300}, 12.345, {"0: 0.00-12.34 w300"}, -1},
    {"TimestampBeyondTheInputEndsIt",
     {at(0), 300, at(14), at(14), 301},
     12.345,
     {"0: 0.00-14.00 w300"},
     -1},
};

INSTANTIATE_TEST_SUITE_P(LongForm, SplitOf, ::testing::ValuesIn(kSplits),
                         [](const auto& test) { return test.param.name; });

TEST(LongForm, WithoutTimestampsEachWindowIsOneSegment) {
  TranscribeOptions options = english();
  options.decoding.without_timestamps = true;
  const Outcome outcome = transcribe({{{300, 301}}, {{302}}}, 45, options);
  EXPECT_EQ(outcome.lines(), (Lines{"0: 0.00-30.00 w300 w301", "3000: 30.00-45.00 w302"}));
}

TEST(LongForm, SegmentWithoutTextKeepsItsPlaceAndLosesItsTokens) {
  TranscribeOptions options = english();
  options.decoding.suppress_tokens = {};
  const Outcome outcome =
      transcribe({{{at(0), '\n', at(2), at(2), 301, at(4)}}, kNothingMore}, 31, options);
  ASSERT_GE(outcome.segments.size(), 2U);
  EXPECT_EQ(testing::line(outcome.segments[0]), "0: 0.00-2.00");
  EXPECT_TRUE(outcome.segments[0].tokens.empty());
  EXPECT_EQ(testing::line(outcome.segments[1]), "0: 2.00-4.00 w301");
  EXPECT_EQ(outcome.segments[1].tokens, (std::vector<int>{at(2), 301, at(4)}));
}

TEST(LongForm, ImprobableTextWithoutSpeechIsSilence) {
  TranscribeOptions options = english();
  options.temperatures = {0};
  const Said improbable{{at(0), 300, 301, 302, at(5)}, 9, 20};
  EXPECT_EQ(transcribe({improbable, kNothingMore}, 40, options).lines(),
            Lines{"3000: 30.00-31.00 w400"});
  // Each condition alone is not enough.
  Said speech = improbable;
  speech.no_speech_logit = 0;
  EXPECT_EQ(transcribe({speech, kNothingMore}, 40, options).lines().size(), 2U);
  Said probable = improbable;
  probable.logit = 40;
  EXPECT_EQ(transcribe({probable, kNothingMore}, 40, options).lines().size(), 2U);
  options.no_speech_threshold = {};
  EXPECT_EQ(transcribe({improbable, kNothingMore}, 40, options).lines().size(), 2U);
}

TEST(LongForm, SilenceIsNoReasonToFallBack) {
  auto script = script_of({{{at(0), 300, 301, 302, at(5)}, 9, 20}});
  const auto transcriber = transcriber_of(script, english());
  EXPECT_TRUE(drive(*transcriber, some_noise(10)).segments.empty());
  EXPECT_EQ(script->prefills, 1);
  EXPECT_EQ(transcriber->stats().fallbacks, 0);
}

TEST(LongForm, ImprobableTextIsDecodedAtEveryTemperatureAndTheLastIsTaken) {
  auto script = script_of({{{at(0), 300, 301, 302, at(5)}, 9}});
  TranscribeOptions options = english();
  options.decoding.best_of = 2;
  options.logprob_threshold = -0.5F;
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome = drive(*transcriber, some_noise(10));
  ASSERT_FALSE(outcome.segments.empty());
  EXPECT_EQ(outcome.segments[0].temperature, 1.0F);
  EXPECT_EQ(script->prefills, 6);
  EXPECT_EQ(script->windows, 1) << "the encoder must not run again";
  EXPECT_EQ(transcriber->stats().fallbacks, 5);
}

TranscribeOptions fitting() {
  TranscribeOptions options = english();
  options.encoder_positions = EncoderPositions::kFitting;
  return options;
}

TEST(LongForm, ShortAudioIsEncodedOnThePositionsThatFit) {
  const struct {
    double seconds;
    int positions;
  } kCases[] = {{1, 384}, {2.56, 384}, {2.58, 512}, {10.24, 768}, {15.3, 1024}, {15.4, 1500}};
  for (const auto& [seconds, positions] : kCases) {
    auto script = script_of({{{at(0), 300}}});
    const auto transcriber = transcriber_of(script, fitting());
    drive(*transcriber, some_noise(seconds));
    EXPECT_EQ(script->positions, std::vector<int>{positions}) << seconds << " s";
    EXPECT_EQ(transcriber->stats().fitting_runs, positions < 1500 ? 1 : 0);
  }
}

TEST(LongForm, TextThatFailsOnFewerPositionsIsDecodedAgainOnAll) {
  TranscribeOptions options = fitting();
  options.logprob_threshold = -0.5F;
  for (const std::vector<float>& temperatures : {options.temperatures, {0.0F}}) {
    options.temperatures = temperatures;
    const auto script = script_of({{{at(0), 300, 301, 302, at(5)}, 9}, {{at(0), 400, at(2)}}});
    const auto transcriber = transcriber_of(script, options);
    const Outcome outcome = drive(*transcriber, some_noise(10));
    EXPECT_EQ(outcome.lines(), Lines{"0: 0.00-2.00 w400"});
    EXPECT_EQ(outcome.segments[0].temperature, 0.0F);
    EXPECT_EQ(script->positions, (std::vector<int>{768, 1500}));
    EXPECT_EQ(transcriber->stats().fallbacks, 0);
  }
}

TEST(LongForm, WhatFailsOnAllPositionsTooFallsBack) {
  const Said improbable{{at(0), 300, 301, 302, at(5)}, 9};
  auto script = script_of({improbable, improbable});
  TranscribeOptions options = fitting();
  options.logprob_threshold = -0.5F;
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome = drive(*transcriber, some_noise(10));
  ASSERT_FALSE(outcome.segments.empty());
  EXPECT_EQ(outcome.segments[0].temperature, 1.0F);
  EXPECT_EQ(script->positions, (std::vector<int>{768, 1500}));
  EXPECT_EQ(transcriber->stats().fallbacks, 5);
}

// Two windows of which the second hears what the first left out, and then what it says there.
TranscriberStats stats_of_two_windows(const std::vector<int>& again) {
  std::vector<int> first{at(0), 300, at(20), at(20.4)}, second{at(0.4)};
  for (int id = 301; id < 331; ++id) first.push_back(id);
  second.insert(second.end(), again.begin(), again.end());
  second.push_back(at(7));
  const auto transcriber = transcriber_of(script_of({{first}, {second}}), english());
  const Outcome outcome = drive(*transcriber, some_noise(40));
  EXPECT_EQ(outcome.segments.size(), 2U);
  EXPECT_EQ(outcome.segments[1].seek, 2000);
  EXPECT_EQ(outcome.segments[1].tokens.size(), 2 + again.size());
  EXPECT_EQ(transcriber->stats().windows, 2);
  return transcriber->stats();
}

TEST(LongForm, WhatAWindowLeftOutIsGuessedInTheNext) {
  std::vector<int> same, other;
  for (int id = 301; id < 331; ++id) same.push_back(id), other.push_back(id + 100);
  const TranscriberStats heard_again = stats_of_two_windows(same);
  // One is the beginning of the first window; the rest is what each step chooses itself.
  EXPECT_EQ(heard_again.right_guesses, 1 + 4 + 8 + 8 + 8);
  const TranscriberStats all_new = stats_of_two_windows(other);
  EXPECT_EQ(all_new.right_guesses, 2);  // when both begin
  EXPECT_LE(all_new.guesses, 8 + 70 / 8);
  EXPECT_EQ(all_new.decode_steps + all_new.right_guesses,
            heard_again.decode_steps + heard_again.right_guesses);
}

TEST(LongForm, TextAtOneTemperatureIsAGuessAtTheNext) {
  std::vector<int> tokens{at(0)};
  for (int i = 0; i < 100; ++i) tokens.push_back(300 + i * 7 % 31);
  TranscribeOptions options = english();
  options.decoding.best_of = 1;
  options.temperatures = {0, 0.2F};
  options.compression_ratio_threshold = 1.0F;
  const auto transcriber = transcriber_of(script_of({{tokens}}), options);
  const Outcome outcome = drive(*transcriber, some_noise(10));
  EXPECT_EQ(outcome.segments[0].temperature, 0.2F);
  EXPECT_EQ(transcriber->stats().decoded_tokens, 2 * 102);
  // In the second run all, eight at a time; in the first what repeats itself.
  EXPECT_LE(transcriber->stats().decode_steps, 70);
}

TEST(LongForm, RepetitionFallsBack) {
  std::vector<int> tokens{at(0)};
  for (int i = 0; i < 80; ++i) tokens.push_back(300);
  auto script = script_of({{tokens}});
  TranscribeOptions options = english();
  options.temperatures = {0, 0.4F};
  EXPECT_EQ(drive(*transcriber_of(script, options), some_noise(10)).segments[0].temperature, 0.4F);
  options.compression_ratio_threshold = 1000.0F;
  EXPECT_EQ(drive(*transcriber_of(script, options), some_noise(10)).segments[0].temperature, 0.0F);
}

// Frames of each encoder run that hold audio: the rest is 0 in every band.
std::vector<size_t> frames_heard(const testing::Script& script) {
  std::vector<size_t> heard;
  for (const auto& mel : script.mels) {
    size_t frames = kWindowFrames;
    while (frames > 0 && std::all_of(mel.begin() + static_cast<long>(frames - 1) * 80,
                                     mel.begin() + static_cast<long>(frames) * 80,
                                     [](float value) { return value == 0; }))
      --frames;
    heard.push_back(frames);
  }
  return heard;
}

struct ClipCase {
  const char* name;
  std::vector<Clip> clips;
  std::vector<int> seeks;
  std::vector<size_t> frames;
};

class ClipsOf : public ::testing::TestWithParam<ClipCase> {};

TEST_P(ClipsOf, AreHeardAndNothingElse) {
  for (Normalisation normalisation : {Normalisation::kRunning, Normalisation::kWhole}) {
    TranscribeOptions options = english();
    options.clips = GetParam().clips;
    options.normalisation = normalisation;
    auto script = script_of({kNothingMore});
    const Outcome outcome = drive(*transcriber_of(script, options), some_noise(50));
    ASSERT_FALSE(outcome.error);
    std::vector<int> seeks;
    for (const Segment& segment : outcome.segments) seeks.push_back(segment.seek);
    EXPECT_EQ(seeks, GetParam().seeks);
    EXPECT_EQ(frames_heard(*script), GetParam().frames);
  }
}

const ClipCase kClips[] = {
    {"Everything", {}, {0, 3000}, {3000, 2000}},
    {"Two", {{2, 7.5}, {9, 41}}, {200, 900, 3900}, {550, 3000, 200}},
    {"OpenEnd", {{45, -1}}, {4500}, {500}},
    {"EndBeyondTheInput", {{45, 1000}}, {4500}, {500}},
    {"StartBeyondTheInput", {{60, 70}}, {}, {}},
    {"Backwards", {{40, 45}, {1, 2}}, {4000, 100}, {500, 100}},
    {"Empty", {{5, 5}, {6, 7}}, {600}, {100}},
    {"RoundedHalfToEven", {{0.125, 1.005}}, {12}, {88}},
};

INSTANTIATE_TEST_SUITE_P(LongForm, ClipsOf, ::testing::ValuesIn(kClips),
                         [](const auto& test) { return test.param.name; });

TEST(LongForm, EmptyInputHasNoSegmentsAndRunsNothing) {
  auto script = script_of({kNothingMore});
  for (size_t samples : {0, 1, 159}) {
    const Outcome outcome = drive(*transcriber_of(script, {}), std::vector<float>(samples, 0.1F));
    EXPECT_FALSE(outcome.error);
    EXPECT_TRUE(outcome.segments.empty());
  }
  EXPECT_EQ(script->calls, 0);
}

TEST(LongForm, OneFrameIsEnoughForAWindow) {
  auto script = script_of({kNothingMore});
  EXPECT_EQ(drive(*transcriber_of(script, english()), some_noise(0.01)).lines(),
            Lines{"0: 0.00-1.00 w400"});
}

TEST(LongForm, WordTimesMoveTheSeekToTheLastWord) {
  TranscribeOptions options = english();
  options.word_timestamps = true;
  const Outcome outcome =
      transcribe({{{at(0), 300, 301, 302, at(5), at(5), 303}}, {{at(0), 400}}}, 40, options);
  ASSERT_FALSE(outcome.error);
  ASSERT_GE(outcome.segments.size(), 2U);
  ASSERT_EQ(outcome.segments[0].words.size(), 3U);
  EXPECT_EQ(outcome.segments[0].words[1].text, " w301");
  EXPECT_EQ(outcome.segments[1].seek,
            static_cast<int>(std::lround(outcome.segments[0].words[2].end_s * 100)));
}

}  // namespace
}  // namespace npu
