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
using testing::Said;
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
const Said kWord{{at(0), 300, at(1)}};
const Said kLongWord{{at(0), 300, at(2)}};

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

using Tokens = std::vector<int>;
const Tokens kBegin{testing::kStart, 50259, 50359};

Tokens joined(std::initializer_list<Tokens> parts) {
  Tokens all;
  for (const Tokens& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Lag, PiecesHearAgainWhatCameBeforeAndGoOnFromItsText) {
  const auto script = script_of({kLongWord});
  drive(*transcriber_of(script, with_lag(4)), some_noise(9));
  ASSERT_GE(script->prompts.size(), 3U);
  EXPECT_EQ(script->prompts[0], kBegin);
  EXPECT_EQ(script->prompts[1], joined({kBegin, {at(0), 300, at(2)}}));
  // The second piece begins where the first was cut.
  const int cut = script->prompts[2][6];
  EXPECT_GE(cut, at(2.4));
  EXPECT_LE(cut, at(4));
  EXPECT_EQ(script->prompts[2], joined({kBegin, {at(0), 300, at(2), cut, 300, at(4)}}));
  // The same audio comes first in all of them (the noise is as loud everywhere).
  for (size_t value = 0; value < 80 * 50; ++value)
    EXPECT_NEAR(script->mels[1][value], script->mels[0][value], 0.1);
}

TEST(Lag, TextThatTheModelTimesBeforeItsPieceIsKept) {
  const auto script = script_of({kWord});
  const Outcome outcome = drive(*transcriber_of(script, with_lag(4)), some_noise(9));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_GE(outcome.segments.size(), 3U);
  for (const Segment& segment : outcome.segments) {
    EXPECT_EQ(segment.text, " w300");
    EXPECT_GT(segment.end_s, segment.start_s);
  }
}

TEST(Lag, TextThatTheModelTimesBehindItsPieceIsOfItAndSkipsNothing) {
  const auto script = script_of({{{at(0), 300, at(20)}}, {{at(25), 301, at(29)}}, kWord});
  const Outcome outcome = drive(*transcriber_of(script, with_lag(4)), some_noise(12));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_GE(outcome.segments.size(), 3U);
  EXPECT_LE(outcome.segments[0].end_s, 4);
  EXPECT_EQ(outcome.segments[1].text, " w301");
  EXPECT_GT(outcome.segments[1].end_s, outcome.segments[1].start_s);
  EXPECT_LE(outcome.segments[1].end_s, 8);
  EXPECT_GE(script->windows, 4);
}

// Words decide where text goes on, but what ends early after their times is not heard again in
// small steps.
TEST(Lag, WordsMakeWay) {
  TranscribeOptions options = with_lag(4);
  options.word_timestamps = true;
  const auto script = script_of({{{at(0), 300, at(2), at(2), 301}}});
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(20));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_LE(script->windows, 21);
}

TEST(Lag, APieceThatGoesOnWithNothingIsHeardAlone) {
  const Said nothing;
  const auto script = script_of({kLongWord, nothing, {{at(0.5), 301, at(1)}}, kLongWord});
  const auto transcriber = transcriber_of(script, with_lag(4));
  const Outcome outcome = drive(*transcriber, some_noise(12));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_GE(script->prompts.size(), 4U);
  EXPECT_EQ(script->prompts[1], joined({kBegin, {at(0), 300, at(2)}}));
  // Without any previous text, which a short piece alone repeats, and at the first temperature.
  EXPECT_EQ(script->prompts[2], kBegin);
  EXPECT_EQ(transcriber->stats().fallbacks, 0);
  ASSERT_GE(outcome.segments.size(), 2U);
  EXPECT_EQ(outcome.segments[1].text, " w301");
  const int start = outcome.segments[1].seek;
  EXPECT_GE(start, 240);
  EXPECT_NEAR(outcome.segments[1].start_s, start / 100.0, 1e-9);
  EXPECT_NEAR(outcome.segments[1].end_s, start / 100.0 + 1, 1e-9);
  // The next one goes on from it, and from nothing before it.
  EXPECT_EQ(script->prompts[3], joined({kBegin, {at(0), 301, at(1)}}));
}

TEST(Lag, SilenceIsHeardTwiceOnce) {
  const Said nothing;
  const auto script = script_of({kLongWord, nothing});
  const auto transcriber = transcriber_of(script, with_lag(4));
  const Outcome outcome = drive(*transcriber, some_noise(30));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_GE(transcriber->stats().windows, 8);
  EXPECT_EQ(script->windows, transcriber->stats().windows + 1);
}

TEST(Lag, OnlyTheTaskThatFoundNothingHearsAPieceAlone) {
  TranscribeOptions options = with_lag(4);
  options.also_translate = true;
  const auto script = script_of({kLongWord});
  const auto say = script->next;
  constexpr int kTranslateToken = 50358;
  script->next = [=](int window, std::span<const int> history, std::span<float> logits) {
    const auto start = std::find(history.begin(), history.end(), testing::kStart);
    const bool translates = history.end() - start >= 3 && *(start + 2) == kTranslateToken;
    if (window == 1 && translates)
      logits[testing::kEndOfText] = 40;
    else
      say(window, history, logits);
  };
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(9));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_GE(outcome.segments.size(), 3U);
  EXPECT_EQ(outcome.translation.size(), outcome.segments.size());
  // Transcript and translation of the first two pieces, then the translation alone.
  ASSERT_GE(script->prompts.size(), 5U);
  EXPECT_EQ(script->prompts[4], (Tokens{testing::kStart, 50259, kTranslateToken}));
}

TEST(Lag, NothingIsHeardAgainOfAnotherClip) {
  const auto script = script_of({kLongWord});
  TranscribeOptions options = with_lag(4);
  options.clips = {{10, 13}, {0, 3}, {20, 23}};
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(40));
  EXPECT_EQ(outcome.segments.size(), 3U);
  for (const Tokens& prompt : script->prompts) EXPECT_EQ(prompt.back(), kBegin.back());
  EXPECT_EQ(script->prompts[1], joined({{50361, at(0), 300, at(2)}, kBegin}));
}

TEST(Lag, WhatLiesBeforeTheWindowIsPreviousText) {
  const auto script = script_of({kLongWord});
  drive(*transcriber_of(script, with_lag(4)), some_noise(60));
  const Tokens& last = script->prompts.back();
  EXPECT_EQ(last[0], 50361);
  const auto start = std::find(last.begin(), last.end(), testing::kStart);
  EXPECT_GT(start - last.begin(), 1);
  EXPECT_GT(last.end() - start, 3 + 9);
  EXPECT_LE(last.end() - start, 3 + 150);
  // Half of the text context is left to what is said, as everywhere.
  EXPECT_LE(last.size(), 1U + 223 + 3);
}

TEST(Lag, NothingIsHeardAgainWithoutConditioning) {
  const auto script = script_of({kWord});
  TranscribeOptions options = with_lag(4);
  options.condition_on_previous_text = false;
  drive(*transcriber_of(script, options), some_noise(20));
  for (const Tokens& prompt : script->prompts) EXPECT_EQ(prompt, kBegin);
}

TEST(Lag, NothingIsHeardAgainBehindAHighTemperature) {
  const auto script = script_of({kWord});
  TranscribeOptions options = with_lag(4);
  options.temperatures = {0.6F};
  drive(*transcriber_of(script, options), some_noise(20));
  for (const Tokens& prompt : script->prompts) EXPECT_EQ(prompt, kBegin);
}

TEST(Lag, TextUnfinishedNearTheEndOfAPieceIsHeardAgain) {
  const auto script = script_of({{{at(0), 300, at(2), at(2), 301}}, kWord});
  const Outcome outcome = drive(*transcriber_of(script, with_lag(4)), some_noise(5));
  EXPECT_EQ(outcome.lines(), (Lines{"0: 0.00-2.00 w300", "0: 2.00-3.00 w300"}));
}

TEST(Lag, TextUnfinishedEarlierIsDecidedAtTheCut) {
  const auto script = script_of({{{at(0), 300, at(0.5), at(0.5), 301}}, kWord});
  const Outcome outcome = drive(*transcriber_of(script, with_lag(4)), some_noise(5));
  ASSERT_EQ(outcome.segments.size(), 3U);
  EXPECT_EQ(outcome.lines()[0], "0: 0.00-0.50 w300");
  EXPECT_EQ(outcome.segments[1].text, " w301");
  EXPECT_EQ(outcome.segments[1].start_s, 0.5);
  // The cut, and with it the next piece, lies in the last two fifths of the four seconds.
  const double cut_s = outcome.segments[1].end_s;
  EXPECT_GE(cut_s, 2.4);
  EXPECT_LE(cut_s, 4.0);
  EXPECT_GE(outcome.segments[2].start_s, cut_s);
}

TEST(Lag, WordsAreThoseOfThePiece) {
  TranscribeOptions options = with_lag(4);
  options.word_timestamps = true;
  const auto script = script_of({{{at(0), 300, at(2)}}, {{at(1), 301, 302, at(2)}}});
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(5));
  EXPECT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_EQ(outcome.segments.size(), 2U);
  ASSERT_EQ(outcome.segments[1].words.size(), 2U);
  EXPECT_EQ(outcome.segments[1].words[0].text, " w301");
  EXPECT_EQ(outcome.segments[1].words[1].text, " w302");
}

TEST(Lag, LanguageIsDetectedUntilAPieceHasText) {
  Said silence;
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
  EXPECT_EQ(outcome.lines(), (Lines{"0: 0.00-2.00 w300", "0: 2.00-3.00 w300"}));
  EXPECT_EQ(outcome.translation_lines(), outcome.lines());
}

}  // namespace
}  // namespace npu
