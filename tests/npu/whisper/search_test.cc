// SPDX-License-Identifier: LGPL-2.1-or-later
// Greedy decoding of one window, its initial tokens, the ranker, and failures in every search.
#include <gtest/gtest.h>

#include <cmath>

#include "search_bench.h"

namespace npu {
namespace {

using testing::Bench;
using testing::kEnd;
using testing::kTime;
using testing::kVocabulary;
using testing::random_logits;
using testing::tokenizer;

TEST(Greedy, IsBeamSearchWithOneBeam) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    DecodingOptions greedy, beam;
    beam.beam_size = 1;
    std::vector<std::vector<int>> tokens;
    for (const DecodingOptions& options : {greedy, beam}) {
      Bench bench(options);
      bench.script->next = [&](int, std::span<const int> history, std::span<float> logits) {
        random_logits(seed, history, logits);
      };
      tokens.push_back(bench.decode()->tokens);
    }
    EXPECT_EQ(tokens[0], tokens[1]);
    EXPECT_FALSE(tokens[0].empty());
  }
}

// Never ends by itself.
void endless(int, std::span<const int> history, std::span<float> logits) {
  logits[300 + history.size() % 100] = 20;
  logits[kTime] = 20;
}

TEST(Greedy, StopsAfter224Tokens) {
  Bench bench({});
  bench.script->next = endless;
  EXPECT_EQ(bench.decode()->tokens.size(), 224U);
}

TEST(Greedy, AFullPromptLeaves222Steps) {
  Bench bench({});
  bench.script->next = endless;
  const std::vector<int> prompt(300, 400);
  EXPECT_EQ(bench.decode(0, prompt)->tokens.size(), 222U);
  const std::vector<int>& initial = bench.script->prompts[0];
  ASSERT_EQ(initial.size(), 1U + 223 + 3);
  EXPECT_EQ(initial[0], 50361);  // start of previous
  EXPECT_EQ(initial[1], 400);
  EXPECT_EQ(initial[224], 50258);  // start of transcript
}

TEST(Greedy, MaxTokensCutsTheWindowShort) {
  DecodingOptions options;
  options.max_tokens = 7;
  Bench bench(options);
  bench.script->next = endless;
  EXPECT_EQ(bench.decode()->tokens.size(), 7U);
}

TEST(Greedy, NoSpeechIsReadAtTheStartOfTranscript) {
  Bench bench({});
  bench.script->next = [](int, std::span<const int> history, std::span<float> logits) {
    if (history.back() == 50258) logits[50362] = 12;  // nospeech
    logits[history.size() > 6 ? kEnd : kTime] = 30;
  };
  const std::vector<int> prompt = {400, 401};
  const auto found = bench.decode(0, prompt);
  // exp(12) among V - 2 ones and exp(30) (the first timestamp's).
  const double expected = std::exp(12.0) / (std::exp(12.0) + std::exp(30.0) + kVocabulary - 2);
  EXPECT_NEAR(found->no_speech_prob / expected, 1, 1e-4);
}

TEST(Said, GreedyGoesOnAsIfItHadChosenIt) {
  Bench bench({});
  bench.script->next = [](int, std::span<const int> history, std::span<float> logits) {
    random_logits(2, history, logits);
    if (history.size() < 20) logits[kEnd] = 0;
  };
  const std::vector<int> all = bench.decode()->tokens;
  ASSERT_GT(all.size(), 12U);
  for (const size_t cut : {size_t{1}, size_t{2}, size_t{5}, size_t{12}}) {
    const std::span<const int> said = std::span(all).first(cut);
    const auto rest = bench.decode(0, {}, said);
    EXPECT_EQ(rest->tokens, std::vector<int>(all.begin() + static_cast<long>(cut), all.end()));
    EXPECT_TRUE(rest->continues);
    EXPECT_EQ(bench.script->prompts.back().size(), 3 + cut);
  }
}

TEST(Said, DoesNotCountAsNewTokensInAnySearch) {
  const std::vector<int> said = {kTime, 300, 301, kTime + 50};
  for (const float temperature : {0.0F, 0.5F})
    for (const std::optional<int> beams : {std::optional<int>(), std::optional<int>(3)}) {
      DecodingOptions options;
      options.max_tokens = 7;
      options.beam_size = beams;
      Bench bench(options, temperature);
      bench.script->next = endless;
      const auto decoded = bench.decode(temperature, {}, said);
      ASSERT_TRUE(decoded) << decoded.error().message;
      EXPECT_EQ(decoded->tokens.size(), 7U);
      // A timestamp must follow that which ended what was said, and none before it.
      EXPECT_GE(decoded->tokens[0], kTime + 50);
    }
}

TEST(Prefix, FollowsTheStartSequenceAndIsNotPartOfTheResult) {
  DecodingOptions options;
  options.prefix = " w300 ";
  Bench bench(options);
  bench.script->next = [](int, std::span<const int> history, std::span<float> logits) {
    logits[static_cast<size_t>(history.size() > 8 ? kEnd : kTime)] = 30;
  };
  const auto found = bench.decode();
  std::vector<int> expected = {50258, 50259, 50359};
  for (int id : tokenizer().encode(" w300")) expected.push_back(id);
  EXPECT_EQ(bench.script->prompts[0], expected);
  EXPECT_EQ(found->tokens[0], kTime);
}

TEST(Ranker, TakesTheHighestMeanAndTheFirstAmongEquals) {
  const std::vector<Sequence> sequences = {
      {{1, 2}, -4}, {{1, 2, 3, 4}, -4}, {{1}, -1}, {{2}, -1}, {{}, -1.5F}};
  EXPECT_EQ(best_sequence(sequences, {}), 1U);
  EXPECT_EQ(best_sequence(std::span(sequences).subspan(2), {}), 0U);
  // -4 / (7/6)^1 = -3.4, -4 / 1.5 = -2.7, -1 / 1: here short ones win.
  EXPECT_EQ(best_sequence(sequences, 1.0F), 2U);
  // A penalty of 0 compares plain sums.
  EXPECT_EQ(best_sequence(sequences, 0.0F), 2U);
}

// However a window is decoded, every failing call must come out as that failure.
TEST(Search, PassesOnWhateverCallFails) {
  for (float temperature : {0.0F, 0.7F}) {
    DecodingOptions options;
    options.beam_size = 3;
    options.best_of = 3;
    const auto next = [](int, std::span<const int> history, std::span<float> logits) {
      random_logits(4, history, logits);
    };
    Bench good(options, temperature);
    good.script->next = next;
    const auto expected = good.decode(temperature);
    ASSERT_TRUE(expected);
    const int calls = good.script->calls;
    ASSERT_GT(calls, 2);
    for (int n = 0; n < calls; ++n) {
      Bench bad(options, temperature);
      bad.script->next = next;
      bad.script->fail_at = n;
      const auto result = bad.decode(temperature);
      ASSERT_FALSE(result) << "call " << n;
      EXPECT_EQ(result.error().code, ErrorCode::kDeviceLost);
      const auto again = bad.decode(temperature);
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->tokens, expected->tokens);
    }
  }
}

}  // namespace
}  // namespace npu
