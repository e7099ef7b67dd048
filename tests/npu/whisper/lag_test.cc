// SPDX-License-Identifier: LGPL-2.1-or-later
// Text that must come out before a whole window is there.
#include <gtest/gtest.h>

#include "longform_bench.h"

namespace npu {
namespace {

using testing::at;
using testing::drive;
using testing::english;
using testing::Outcome;
using testing::script_of;
using testing::some_noise;
using testing::transcriber_of;

using Lines = std::vector<std::string>;

TranscribeOptions with_lag(double lag_s) {
  TranscribeOptions options = english();
  options.max_lag_s = lag_s;
  return options;
}

// A piece that was understood to its end.
const testing::Said kWord{{at(0), 300, at(1)}};

class InTime : public ::testing::TestWithParam<double> {};

TEST_P(InTime, EverythingIsDecidedWhenTheLagIsThere) {
  const double lag_s = GetParam();
  for (const bool words : {false, true}) {
    TranscribeOptions options = with_lag(lag_s);
    options.word_timestamps = words;
    const auto transcriber = transcriber_of(script_of({kWord}), options);
    const std::vector<float> samples = some_noise(45);
    constexpr size_t kPush = 800;
    for (size_t begin = 0; begin < samples.size(); begin += kPush) {
      transcriber->push(std::span(samples).subspan(begin, kPush));
      for (;;) {
        const auto step = transcriber->step({});
        ASSERT_TRUE(step);
        if (step->kind == Step::Kind::kWindow) continue;
        EXPECT_EQ(step->kind, Step::Kind::kNeedInput);
        EXPECT_GE(step->decided_s, transcriber->pushed_s() - lag_s);
        break;
      }
    }
    EXPECT_GE(static_cast<double>(transcriber->stats().windows), std::floor(45 / lag_s));
  }
}

INSTANTIATE_TEST_SUITE_P(Lag, InTime, ::testing::Values(1.0, 3.0, 5.0, 10.0, 29.0));

TEST(Lag, OfAWindowOrMoreIsTheReferencesWay) {
  std::vector<std::vector<std::vector<float>>> mels;
  for (const double lag_s : {-1.0, 30.0, 600.0}) {
    const auto script = script_of({{{at(0), 300, at(25), at(25), 301}}, kWord});
    ASSERT_FALSE(drive(*transcriber_of(script, with_lag(lag_s)), some_noise(65)).error);
    mels.push_back(script->mels);
  }
  EXPECT_EQ(mels[0], mels[1]);
  EXPECT_EQ(mels[0], mels[2]);
}

TEST(Lag, ResultDoesNotDependOnHowItIsPushed) {
  std::vector<std::vector<std::vector<float>>> mels;
  for (const size_t at_once : {size_t{113}, size_t{16000}, size_t{5000000}}) {
    const auto script = script_of({kWord});
    ASSERT_FALSE(drive(*transcriber_of(script, with_lag(5)), some_noise(22), at_once).error);
    mels.push_back(script->mels);
  }
  EXPECT_GE(mels[0].size(), 5U);
  EXPECT_EQ(mels[0], mels[1]);
  EXPECT_EQ(mels[1], mels[2]);
}

TEST(Lag, PromptsHoldTheTextOfEarlierPieces) {
  const auto script = script_of({kWord});
  drive(*transcriber_of(script, with_lag(4)), some_noise(9));
  ASSERT_GE(script->prompts.size(), 2U);
  EXPECT_EQ(script->prompts[1],
            (std::vector<int>{50361, at(0), 300, at(1), testing::kStart, 50259, 50359}));
}

TEST(Lag, TextUnfinishedNearTheEndOfAPieceIsHeardAgain) {
  const auto script = script_of({{{at(0), 300, at(2), at(2), 301}}, kWord});
  const Outcome outcome = drive(*transcriber_of(script, with_lag(4)), some_noise(5));
  EXPECT_EQ(outcome.lines(), (Lines{"0: 0.00-2.00 w300", "200: 2.00-3.00 w300"}));
}

TEST(Lag, TextUnfinishedEarlierIsDecidedAtTheCut) {
  const auto script = script_of({{{at(0), 300, at(0.5), at(0.5), 301}}, kWord});
  const Outcome outcome = drive(*transcriber_of(script, with_lag(4)), some_noise(5));
  ASSERT_EQ(outcome.segments.size(), 3U);
  EXPECT_EQ(outcome.lines()[0], "0: 0.00-0.50 w300");
  EXPECT_EQ(outcome.segments[1].text, " w301");
  EXPECT_EQ(outcome.segments[1].start_s, 0.5);
  // The cut, and with it the next piece, lies in the last two fifths of the four seconds.
  const double cut_s = outcome.segments[2].seek / 100.0;
  EXPECT_NEAR(outcome.segments[1].end_s, cut_s, 1e-9);
  EXPECT_GE(cut_s, 2.4);
  EXPECT_LE(cut_s, 4.0);
}

TEST(Lag, LanguageIsDetectedUntilAPieceHasText) {
  testing::Said silence;
  silence.no_speech_logit = 60;
  silence.tokens = {at(0), 300, at(1)};
  silence.logit = 9;
  const auto script = script_of({silence, kWord}, testing::kGerman);
  TranscribeOptions options;
  options.temperatures = {0};
  options.logprob_threshold = -0.01F;
  options.max_lag_s = 4;
  const auto transcriber = transcriber_of(script, options);
  transcriber->push(some_noise(4));
  ASSERT_EQ(transcriber->step({})->kind, Step::Kind::kWindow);
  EXPECT_EQ(transcriber->language(), "de");
  EXPECT_FALSE(transcriber->language_settled());
  transcriber->push(some_noise(4));
  ASSERT_EQ(transcriber->step({})->kind, Step::Kind::kWindow);
  EXPECT_TRUE(transcriber->language_settled());
  const auto detections = [&] {
    return std::count_if(script->prompts.begin(), script->prompts.end(),
                         [](const auto& prompt) { return prompt.size() == 1; });
  };
  EXPECT_EQ(detections(), 2);
  transcriber->push(some_noise(20));
  transcriber->end_input();
  drive(*transcriber, {});
  EXPECT_EQ(detections(), 2);
  // Each piece is encoded once, also those whose language is detected.
  EXPECT_EQ(script->windows, transcriber->stats().windows);
}

TEST(Lag, WhoeverIsBehindGetsLongerPieces) {
  const auto transcriber = transcriber_of(script_of({kWord}), english());
  transcriber->set_lag(2, /*catch_up=*/true);
  transcriber->push(some_noise(20));
  const auto step = transcriber->step({});
  EXPECT_EQ(step->kind, Step::Kind::kWindow);
  EXPECT_GE(step->decided_s, 11.9);
}

TEST(Lag, BothTasksAreCutAlike) {
  TranscribeOptions options = with_lag(4);
  options.also_translate = true;
  const auto script = script_of({{{at(0), 300, at(2), at(2), 301}}, kWord});
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(5));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(outcome.lines(), (Lines{"0: 0.00-2.00 w300", "200: 2.00-3.00 w300"}));
  EXPECT_EQ(outcome.translation_lines(), outcome.lines());
}

}  // namespace
}  // namespace npu
