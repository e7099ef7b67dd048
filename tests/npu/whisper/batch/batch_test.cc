// SPDX-License-Identifier: LGPL-2.1-or-later
// Chunks side by side: order, slots, language, what is decided when, and that nobody's text depends
// on the company.
#include <gtest/gtest.h>

#include "batch_bench.h"

namespace npu {
namespace {

using testing::at;
using testing::batch_of;
using testing::bursts;
using testing::drive;
using testing::Outcome;
using testing::Said;
using testing::script_of;
using testing::sound;
using testing::texts;
using testing::transcriber_of;
using testing::words_from;

using Lines = std::vector<std::string>;
using Samples = std::vector<float>;

// Of very different lengths.
const std::vector<Said> kChunks = {words_from(300, 20), words_from(400, 2), words_from(500, 3),
                                   words_from(600, 12), words_from(700, 1), words_from(800, 2)};
constexpr int kCount = 6;

TEST(Batch, TextsComeInOrderOfTimeAndInsideTheirChunks) {
  const auto transcriber = transcriber_of(script_of(kChunks), batch_of(3));
  const Outcome outcome = drive(*transcriber, bursts(kCount));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_EQ(outcome.segments.size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    const Segment& segment = outcome.segments[i];
    EXPECT_EQ(segment.tokens, kChunks[i].tokens);
    EXPECT_GE(segment.start_s, 10.0 * static_cast<double>(i) + 1.7);
    EXPECT_LE(segment.end_s, 10.0 * static_cast<double>(i) + 8.3);
    EXPECT_NEAR(segment.seek, 1000.0 * static_cast<double>(i) + 180, 7);
    EXPECT_TRUE(segment.words.empty());
  }
  EXPECT_EQ(transcriber->stats().windows, 6);
  EXPECT_EQ(transcriber->stats().encoder_runs, 6);
}

TEST(Batch, WordsAreInOrderAndInsideTheirSegments) {
  TranscribeOptions options = batch_of(3);
  options.word_timestamps = true;
  const Outcome outcome = drive(*transcriber_of(script_of(kChunks), options), bursts(kCount));
  ASSERT_EQ(outcome.segments.size(), 6U);
  double last_s = 0;
  for (const Segment& segment : outcome.segments) {
    EXPECT_EQ(segment.words.size(), segment.tokens.size());
    for (const Word& word : segment.words) {
      EXPECT_GE(word.start_s, last_s);
      EXPECT_GE(word.end_s, word.start_s);
      EXPECT_LE(word.end_s, segment.end_s);
      last_s = word.start_s;
    }
  }
}

class BatchOf : public ::testing::TestWithParam<int> {};

TEST_P(BatchOf, NothingDependsOnTheCompanyOrOnHowSamplesArePushed) {
  const Samples samples = bursts(kCount);
  const Lines alone = drive(*transcriber_of(script_of(kChunks), batch_of(1)), samples).lines();
  ASSERT_EQ(alone.size(), 6U);
  for (const size_t at_once : {size_t{777}, size_t{16000}, samples.size()}) {
    const Outcome outcome =
        drive(*transcriber_of(script_of(kChunks), batch_of(GetParam())), samples, at_once);
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(outcome.lines(), alone) << at_once;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, BatchOf, ::testing::Values(1, 2, 3, 8, kMaxBatch));

TEST(Batch, ASlotIsFilledAgainAsSoonAsItsChunkEnds) {
  const auto steps = [](int size) {
    const auto transcriber = transcriber_of(script_of(kChunks), batch_of(size));
    EXPECT_FALSE(drive(*transcriber, bursts(kCount)).error);
    return transcriber->stats().decode_steps;
  };
  // A step for each token and for the end of each text.
  EXPECT_EQ(steps(1), 46);
  // The second slot has ended three, in 3 + 4 + 13 steps, and begun the fifth when the first has
  // taken its 21 steps; the last one takes 3.
  EXPECT_EQ(steps(2), 21 + 3);
  EXPECT_EQ(steps(8), 21);
}

TEST(Batch, NothingIsDecodedBeforeEverySlotIsTaken) {
  const Outcome outcome =
      drive(*transcriber_of(script_of({words_from(300, 3)}), batch_of(3)), bursts(kCount), 1600);
  // A chunk is known when 30 s are there from its start on.
  EXPECT_NEAR(outcome.first_output_s, 21.8 + 30, 2);
}

TEST(Batch, SilenceCostsNothingAndIsDecidedAtOnce) {
  auto script = script_of(kChunks);
  const auto transcriber = transcriber_of(script, batch_of(8));
  const Samples second = sound({{1, false}});
  for (int i = 1; i <= 50; ++i) {
    transcriber->push(second);
    const Step step = transcriber->step({}).value();
    EXPECT_EQ(step.kind, Step::Kind::kNeedInput);
    EXPECT_GE(step.decided_s, i - 1.0);
  }
  transcriber->end_input();
  EXPECT_EQ(transcriber->step({}).value().kind, Step::Kind::kFinished);
  EXPECT_EQ(script->windows, 0);
  EXPECT_NEAR(transcriber->stats().skipped_s, 50, 0.02);
}

TEST(Batch, NoInputGivesNothing) {
  for (const bool vad : {false, true}) {
    TranscribeOptions options = batch_of(8);
    if (!vad) options.vad.reset();
    const Outcome outcome = drive(*transcriber_of(script_of(kChunks), options), {});
    EXPECT_FALSE(outcome.error);
    EXPECT_TRUE(outcome.segments.empty());
  }
}

TEST(Batch, WithoutSpeechDetectionAllIsHeardOnce) {
  TranscribeOptions options = batch_of(8);
  options.vad.reset();
  auto script = script_of(kChunks);
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome = drive(*transcriber, testing::some_noise(70));
  ASSERT_FALSE(outcome.error);
  ASSERT_EQ(outcome.segments.size(), 3U);
  int expected = 0;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(outcome.segments[i].seek, expected);
    const auto next = i < 2 ? outcome.segments[i + 1].seek : 7000;
    EXPECT_LE(next - expected, 3000);
    EXPECT_GE(next - expected, i < 2 ? 2000 : 1000);
    expected = next;
  }
}

TEST(Batch, TimestampsMayBeDecoded) {
  TranscribeOptions options = batch_of(4);
  options.times_by_alignment = false;
  const std::vector<Said> said = {{{at(0.5), 300, at(2), at(2), 301, 302}}, {{at(1), 400, at(3)}}};
  const Outcome outcome = drive(*transcriber_of(script_of(said), options), bursts(2));
  ASSERT_EQ(outcome.segments.size(), 3U);
  EXPECT_NEAR(outcome.segments[0].start_s, 2.3, 0.1);
  EXPECT_NEAR(outcome.segments[0].end_s, 3.8, 0.1);
  // Text that the end of the chunk cuts off is not left to the next one.
  EXPECT_EQ(outcome.segments[1].text, " w301 w302");
  EXPECT_NEAR(outcome.segments[1].end_s, 8.2, 0.1);
  EXPECT_NEAR(outcome.segments[2].end_s, 14.8, 0.1);
}

TEST(Batch, ATranslationIsDecodedBeside) {
  TranscribeOptions options = batch_of(2);
  options.also_translate = true;
  const auto transcriber = transcriber_of(script_of(kChunks), options);
  const Outcome outcome = drive(*transcriber, bursts(3));
  ASSERT_FALSE(outcome.error);
  EXPECT_EQ(outcome.lines(), outcome.translation_lines());
  EXPECT_EQ(outcome.segments.size(), 3U);
  EXPECT_EQ(transcriber->stats().encoder_runs, 3);
}

TEST(Batch, ClipsAreChunksOfTheirOwn) {
  TranscribeOptions options = batch_of(8);
  options.clips = {{31, 39}, {3, 5}};
  const Outcome outcome = drive(*transcriber_of(script_of(kChunks), options), bursts(4));
  ASSERT_EQ(outcome.segments.size(), 2U);
  EXPECT_NEAR(outcome.segments[0].seek, 3180, 7);
  EXPECT_EQ(outcome.segments[1].seek, 300);
}

TEST(Batch, TheLanguageIsThatOfTheFirstChunkWithText) {
  TranscribeOptions options = batch_of(3);
  options.decoding.language.clear();
  Said nothing;
  nothing.tokens = {300};
  nothing.logit = 9;
  nothing.no_speech_logit = 20;
  auto script = script_of({nothing, kChunks[1], kChunks[2], kChunks[3]}, testing::kGerman);
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome = drive(*transcriber, bursts(4));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(transcriber->language(), "de");
  EXPECT_TRUE(transcriber->language_settled());
  EXPECT_EQ(texts(outcome.segments).size(), 3U);
  int detections = 0;
  for (const auto& prompt : script->prompts) detections += prompt.size() == 1;
  EXPECT_EQ(detections, 2);
}

TEST(Batch, WhatIsLongerThanATextIsHeardAgain) {
  TranscribeOptions options = batch_of(2);
  options.decoding.max_tokens = 10;
  // Ten words, of which the last may be cut; then what is left, from 0.6 + 9 x 0.2 s on.
  auto script = script_of({words_from(300, 20), words_from(400, 3), words_from(309, 4)});
  const Outcome outcome = drive(*transcriber_of(script, options), bursts(2));
  ASSERT_EQ(outcome.segments.size(), 3U);
  EXPECT_EQ(outcome.segments[0].tokens, words_from(300, 9).tokens);
  EXPECT_EQ(outcome.segments[1].tokens, words_from(309, 4).tokens);
  EXPECT_EQ(outcome.segments[1].seek, outcome.segments[0].seek + 240);
  EXPECT_EQ(outcome.segments[2].tokens, words_from(400, 3).tokens);
}

TEST(Batch, TheInitialPromptIsThatOfEveryChunk) {
  TranscribeOptions options = batch_of(2);
  options.initial_prompt = "w1";
  auto script = script_of(kChunks);
  EXPECT_FALSE(drive(*transcriber_of(script, options), bursts(3)).error);
  int prompted = 0;
  for (const auto& initial : script->prompts) prompted += initial.front() == 50361;
  EXPECT_EQ(prompted, 3);
}

TEST(Batch, ResetForgetsChunksInTheMiddle) {
  auto script = script_of(kChunks);
  const auto transcriber = transcriber_of(script, batch_of(2));
  const Samples samples = bursts(9);
  const Lines expected = drive(*transcriber, samples).lines();
  EXPECT_EQ(expected.size(), 9U);
  transcriber->reset();
  script->windows = 0;
  transcriber->push(samples);
  EXPECT_EQ(transcriber->step({}).value().kind, Step::Kind::kWindow);
  transcriber->reset();
  script->windows = 0;
  EXPECT_EQ(drive(*transcriber, samples).lines(), expected);
}

TEST(Batch, WhatItCannotDoIsRefused) {
  const auto refused = [](const TranscribeOptions& options) {
    const auto made = Transcriber::create(testing::scripted_model(script_of(kChunks)), options);
    return made ? std::string() : made.error().message;
  };
  TranscribeOptions options = batch_of(17);
  EXPECT_NE(refused(options).find("batch_size: expected 0 to 16, found 17"), std::string::npos);
  options = batch_of(8);
  options.max_lag_s = 5;
  EXPECT_NE(refused(options).find("max_lag_s"), std::string::npos);
  options = batch_of(8);
  options.word_timestamps = true;
  options.hallucination_silence_threshold_s = 2;
  EXPECT_NE(refused(options).find("hallucination_silence_threshold_s"), std::string::npos);
}

}  // namespace
}  // namespace npu
