// SPDX-License-Identifier: LGPL-2.1-or-later
// Voice activity detection in the loop over windows: what is skipped, where windows begin and end,
// which text is dropped.
#include <gtest/gtest.h>

#include "longform_bench.h"
#include "vad_sound.h"
#include "vad_weights.h"
#include "whisper/repetition.h"

namespace npu {
namespace {

using testing::at;
using testing::drive;
using testing::Outcome;
using testing::Said;
using testing::script_of;
using testing::sound;
using testing::transcriber_of;

using Samples = std::vector<float>;

TranscribeOptions gated() {
  TranscribeOptions options = testing::english();
  options.vad = testing::loudness_model();
  return options;
}

constexpr int kEdge = 7;  // frames: how exactly the edge of speech is found

const Said kSentence{{at(0), 300, at(1.5)}};

TEST(Gating, SilenceCostsNothingAndIsDecidedAtOnce) {
  auto script = script_of({kSentence});
  const auto transcriber = transcriber_of(script, gated());
  const Samples second = sound({{1, false}});
  for (int i = 1; i <= 100; ++i) {
    transcriber->push(second);
    const Step step = transcriber->step({}).value();
    EXPECT_EQ(step.kind, Step::Kind::kNeedInput);
    EXPECT_GE(step.decided_s, i - 1.0);
    EXPECT_LE(step.decided_s, i);
  }
  transcriber->end_input();
  const Step step = transcriber->step({}).value();
  EXPECT_EQ(step.kind, Step::Kind::kFinished);
  EXPECT_EQ(step.decided_s, 100);
  EXPECT_EQ(script->windows, 0);
  EXPECT_EQ(transcriber->stats().encoder_runs, 0);
  EXPECT_NEAR(transcriber->stats().skipped_s, 100, 0.02);
}

// With word times, too, which may reach back before a window, but not into decided silence.
TEST(Gating, SilenceIsDecidedAtOnceWithWordTimes) {
  TranscribeOptions options = gated();
  options.word_timestamps = true;
  const auto transcriber = transcriber_of(script_of({kSentence}), options);
  transcriber->push(sound({{10, false}}));
  EXPECT_GE(transcriber->step({}).value().decided_s, 9);
}

TEST(Gating, AWindowBeginsWhereSpeechDoesAfterSilence) {
  const Outcome outcome =
      drive(*transcriber_of(script_of({kSentence}), gated()), sound({{50, false}, {4, true}}));
  ASSERT_FALSE(outcome.error);
  ASSERT_EQ(outcome.segments.size(), 1U);
  EXPECT_NEAR(outcome.segments[0].seek, 4980, kEdge);
  EXPECT_NEAR(outcome.segments[0].start_s, 49.8, 0.07);
}

TEST(Gating, AShortPauseAtTheStartIsHeard) {
  const Outcome outcome =
      drive(*transcriber_of(script_of({kSentence}), gated()), sound({{1, false}, {4, true}}));
  ASSERT_EQ(outcome.segments.size(), 1U);
  EXPECT_EQ(outcome.segments[0].seek, 0);
}

TEST(Gating, ALongPauseEndsAWindowBeforeThirtySecondsAreThere) {
  auto script = script_of({kSentence, {{at(0), 301, at(1.5)}}});
  const auto transcriber = transcriber_of(script, gated());
  transcriber->push(sound({{4, true}, {3, false}}));
  EXPECT_EQ(transcriber->step({}).value().kind, Step::Kind::kNeedInput);
  transcriber->push(sound({{1, false}}));
  Step step = transcriber->step({}).value();
  ASSERT_EQ(step.kind, Step::Kind::kWindow);
  ASSERT_EQ(step.segments.size(), 1U);
  // What the encoder hears ends with the speech; the rest of the window is filled up.
  const std::vector<float>& mel = script->mels[0];
  EXPECT_NE(mel[415 * 80], 0);
  EXPECT_EQ(mel[430 * 80], 0);
  step = transcriber->step({}).value();
  EXPECT_EQ(step.kind, Step::Kind::kNeedInput);
  EXPECT_GE(step.decided_s, 7);
  transcriber->push(sound({{10, true}}));
  transcriber->end_input();
  step = transcriber->step({}).value();
  ASSERT_EQ(step.segments.size(), 1U);
  EXPECT_NEAR(step.segments[0].seek, 780, kEdge);
}

TEST(Gating, AShorterPauseStaysInTheWindow) {
  auto script = script_of({{{at(0), 300, at(3.5), at(6), 301, at(8)}}});
  const Outcome outcome =
      drive(*transcriber_of(script, gated()), sound({{4, true}, {2, false}, {4, true}}));
  EXPECT_EQ(outcome.segments.size(), 2U);
  EXPECT_EQ(script->windows, 1);
}

class GatingWithLag : public ::testing::TestWithParam<double> {};

TEST_P(GatingWithLag, NothingDependsOnHowTheSamplesArePushed) {
  TranscribeOptions options = gated();
  options.max_lag_s = GetParam();
  const Samples samples = sound({{7, false},
                                 {3, true},
                                 {0.3, false},
                                 {5, true},
                                 {3.1, false},
                                 {25, true},
                                 {2, false},
                                 {12, true},
                                 {20, false},
                                 {1, true},
                                 {1.2, false},
                                 {2, true},
                                 {3.5, false},
                                 {40, true},
                                 {3.4, false},
                                 {6, true}});
  const std::vector<Said> said = {{{at(0), 300, at(2), at(2), 301, at(2.8)}},
                                  {{at(0), 302, at(1), at(1), 303}},
                                  {{at(0.5), 304, at(5)}}};
  const auto expected = drive(*transcriber_of(script_of(said), options), samples, samples.size());
  ASSERT_FALSE(expected.error);
  EXPECT_GT(expected.segments.size(), 6U);
  for (const size_t at_once : {100, 1600, 7001, 100000}) {
    const auto found = drive(*transcriber_of(script_of(said), options), samples, at_once);
    ASSERT_FALSE(found.error) << found.error->message;
    EXPECT_EQ(found.lines(), expected.lines()) << at_once;
  }
}

INSTANTIATE_TEST_SUITE_P(WholeWindowsAndPieces, GatingWithLag, ::testing::Values(-1, 3, 10));

// The later, silent pause is too short to be one of speech.
TEST(Gating, PiecesEndInAPauseOfSpeech) {
  TranscribeOptions options = gated();
  options.max_lag_s = 10;
  auto script = script_of({{{at(0), 300, at(5)}}});
  const Outcome outcome =
      drive(*transcriber_of(script, options),
            sound({{6.3, true}, {0.8, false}, {1.9, true}, {0.3, false}, {2, true}}));
  ASSERT_EQ(outcome.segments.size(), 2U);
  const std::vector<float>& mel = script->mels[0];
  EXPECT_NE(mel[(670 - kEdge) * 80], 0);
  EXPECT_EQ(mel[(670 + kEdge) * 80], 0);
}

// Improbable text in a piece of speech that goes on is real speech that is hard to hear.
TEST(Gating, APieceOfLongSpeechIsNotLittleSpeech) {
  TranscribeOptions options = gated();
  options.max_lag_s = 1.5;
  options.temperatures = {0};
  const Outcome outcome = drive(
      *transcriber_of(script_of({{{at(0), 300, 301, at(1)}, 8}}), options), sound({{6, true}}));
  ASSERT_FALSE(outcome.error);
  EXPECT_GE(outcome.segments.size(), 4U);
}

TEST(Gating, TextWhereNoSpeechIsHeardIsDropped) {
  auto script = script_of({{{at(0), 300, at(2.8), at(4), 301, at(4.4), at(6), 302, at(8)}, 40, 0}});
  const Samples samples = sound({{3, true}, {2.8, false}, {4, true}});
  const Outcome outcome = drive(*transcriber_of(script, gated()), samples);
  ASSERT_EQ(outcome.segments.size(), 3U);
  EXPECT_FALSE(outcome.segments[0].text.empty());
  EXPECT_TRUE(outcome.segments[1].text.empty());
  EXPECT_TRUE(outcome.segments[1].tokens.empty());
  EXPECT_FALSE(outcome.segments[2].text.empty());
  TranscribeOptions without = testing::english();
  EXPECT_FALSE(
      drive(*transcriber_of(
                script_of({{{at(0), 300, at(2.8), at(4), 301, at(4.4), at(6), 302, at(8)}}}),
                without),
            samples)
          .segments[1]
          .text.empty());
}

// Times of text are not exact: what touches speech within half a second stays.
TEST(Gating, TextNearSpeechStays) {
  const Outcome outcome =
      drive(*transcriber_of(script_of({{{at(0), 300, at(3), at(3.4), 301, at(5)}}}), gated()),
            sound({{3, true}, {2, false}}));
  ASSERT_EQ(outcome.segments.size(), 2U);
  EXPECT_FALSE(outcome.segments[1].text.empty());
}

TEST(Gating, ImprobableTextInLittleSpeechIsDroppedWithoutASecondTry) {
  // A logit of 8 among 51,865 is a log-probability of about -3.
  const Said improbable{{at(0), 300, 301, at(1)}, 8};
  TranscribeOptions options = gated();
  options.temperatures = {0, 0.2F};
  for (const bool much : {false, true}) {
    auto script = script_of({improbable});
    const auto transcriber = transcriber_of(script, options);
    const Outcome outcome =
        drive(*transcriber, much ? sound({{3, true}}) : sound({{1.5, true}, {1.5, false}}));
    EXPECT_EQ(outcome.segments.empty(), !much);
    EXPECT_EQ(transcriber->stats().fallbacks, much ? 1 : 0);
  }
}

TEST(Gating, WithoutALimitOfProbabilityTextInLittleSpeechStays) {
  TranscribeOptions options = gated();
  options.logprob_threshold.reset();
  const Outcome outcome = drive(
      *transcriber_of(script_of({{{at(0), 300, 301, at(1)}, 8}}), options), sound({{1.5, true}}));
  ASSERT_EQ(outcome.segments.size(), 1U);
  EXPECT_FALSE(outcome.segments[0].text.empty());
}

TEST(Gating, ProbableTextInLittleSpeechStays) {
  const Outcome outcome = drive(*transcriber_of(script_of({{{at(0), 300, at(0.5)}}}), gated()),
                                sound({{5, false}, {0.5, true}, {5, false}}));
  ASSERT_EQ(outcome.segments.size(), 1U);
  EXPECT_FALSE(outcome.segments[0].text.empty());
}

// The number of tokens before start of transcript in the last prompt.
size_t last_prompt(double pause_s, const std::string& initial_prompt = "") {
  auto script = script_of({kSentence});
  TranscribeOptions options = gated();
  options.initial_prompt = initial_prompt;
  drive(*transcriber_of(script, options), sound({{4, true}, {pause_s, false}, {4, true}}));
  const std::vector<int>& prompt = script->prompts.back();
  return static_cast<size_t>(std::find(prompt.begin(), prompt.end(), testing::kStart) -
                             prompt.begin());
}

TEST(Gating, ALongPauseEndsTheContext) {
  EXPECT_EQ(last_prompt(5), 4U);  // start of prev and a sentence
  EXPECT_EQ(last_prompt(12), 0U);
}

TEST(Gating, SilenceBeforeTheFirstWordLeavesTheInitialPrompt) {
  auto script = script_of({kSentence});
  TranscribeOptions options = gated();
  options.initial_prompt = "w1";
  drive(*transcriber_of(script, options), sound({{30, false}, {4, true}}));
  ASSERT_EQ(script->prompts.size(), 1U);
  EXPECT_EQ(script->prompts[0][1], ' ');
}

TEST(Gating, LanguageIsDetectedInTheFirstSpeechFromItsWindow) {
  auto script = script_of({kSentence}, testing::kGerman);
  TranscribeOptions options = gated();
  options.decoding.language.clear();
  const auto transcriber = transcriber_of(script, options);
  transcriber->push(sound({{60, false}}));
  EXPECT_EQ(transcriber->step({}).value().kind, Step::Kind::kNeedInput);
  EXPECT_EQ(transcriber->language(), "");
  const Outcome outcome = drive(*transcriber, sound({{4, true}}));
  EXPECT_EQ(outcome.segments.size(), 1U);
  EXPECT_EQ(transcriber->language(), "de");
  EXPECT_EQ(script->windows, 1);
}

TEST(Gating, ClipsAreKeptTo) {
  auto script = script_of({kSentence});
  TranscribeOptions options = gated();
  options.clips = {{10, 20}, {30, 40}, {50, 60}};
  const Outcome outcome =
      drive(*transcriber_of(script, options), sound({{35, false}, {3, true}, {40, false}}));
  ASSERT_EQ(outcome.segments.size(), 1U);
  EXPECT_NEAR(outcome.segments[0].start_s, 34.8, 0.07);
  EXPECT_EQ(script->windows, 1);
}

TEST(Gating, ATranslationIsGatedAsWell) {
  auto script = script_of({kSentence});
  TranscribeOptions options = gated();
  options.also_translate = true;
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome =
      drive(*transcriber, sound({{40, false}, {4, true}, {40, false}, {4, true}, {40, false}}));
  ASSERT_FALSE(outcome.error);
  EXPECT_EQ(outcome.segments.size(), 2U);
  EXPECT_EQ(script->windows, 2);
}

TEST(Gating, SpeechIsToldInOrder) {
  TranscribeOptions options = gated();
  const auto transcriber = transcriber_of(script_of({kSentence}), options);
  transcriber->push(sound({{2, false}, {4, true}, {10, false}, {4, true}, {2, false}}));
  transcriber->end_input();
  std::vector<SpeechTurn> turns;
  for (;;) {
    const Step step = transcriber->step({}).value();
    turns.insert(turns.end(), step.speech.begin(), step.speech.end());
    if (step.kind == Step::Kind::kFinished) break;
  }
  ASSERT_EQ(turns.size(), 4U);
  const double expected[] = {1.8, 6.2, 15.8, 20.2};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(turns[i].begins, i % 2 == 0);
    EXPECT_NEAR(turns[i].time_s, expected[i], 0.07);
  }
  EXPECT_NEAR(transcriber->stats().speech_s, 8, 0.15);
}

TEST(Gating, ResetForgetsWhereSpeechWas) {
  auto script = script_of({kSentence});
  const auto transcriber = transcriber_of(script, gated());
  drive(*transcriber, sound({{4, true}}));
  transcriber->reset();
  const Outcome outcome = drive(*transcriber, sound({{20, false}}));
  EXPECT_TRUE(outcome.segments.empty());
  EXPECT_EQ(script->windows, 1);
}

std::vector<int> loop_of(int turns) {
  std::vector<int> tokens = {at(0), 400, 401, at(2)};
  for (int turn = 0; turn < turns; ++turn)
    for (const int token : {at(2 + turn), 300, 301, 302, at(3 + turn)}) tokens.push_back(token);
  return tokens;
}

TEST(Gating, ALoopThatNoTemperatureEndsIsSaidOnce) {
  const Samples samples = sound({{30, true}});
  const std::vector<Said> said = {{loop_of(20)}, {{at(0), 500, at(26)}}};
  TranscribeOptions options = gated();
  options.temperatures = {0};
  const Outcome cut = drive(*transcriber_of(script_of(said), options), samples);
  ASSERT_FALSE(cut.error);
  // The audio after the loop is heard again.
  ASSERT_EQ(cut.segments.size(), 3U);
  EXPECT_NEAR(cut.segments[1].end_s, 3, 0.01);
  EXPECT_EQ(cut.segments[2].seek, 300);
  options.vad.reset();
  EXPECT_EQ(drive(*transcriber_of(script_of(said), options), samples).segments.size(), 21U);
}

TEST(Gating, ASecondLoopIsNotHeardAgain) {
  auto script = script_of({{loop_of(20)}});
  TranscribeOptions options = gated();
  options.temperatures = {0};
  drive(*transcriber_of(script, options), sound({{60, true}}));
  EXPECT_LE(script->windows, 4);
}

TEST(RepeatedTail, IsFoundFromItsSecondTurn) {
  EXPECT_EQ(repeated_tail(loop_of(20), testing::kTimestamps), 10U);
  EXPECT_EQ(repeated_tail(std::vector<int>(15, 7), testing::kTimestamps), 1U);
}

TEST(RepeatedTail, IsNotFoundInWhatIsSaidTwiceOrBriefly) {
  EXPECT_FALSE(repeated_tail(loop_of(2), testing::kTimestamps));
  EXPECT_FALSE(repeated_tail(std::vector<int>(11, 7), testing::kTimestamps));
  EXPECT_FALSE(repeated_tail({}, testing::kTimestamps));
}

}  // namespace
}  // namespace npu
