// SPDX-License-Identifier: LGPL-2.1-or-later
// Beam search against an exhaustive one.
#include "whisper/beam.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "search_bench.h"

namespace npu {
namespace {

using testing::Bench;
using testing::kEnd;
using testing::kTime;
using testing::kVocabulary;
using testing::random_logits;
using testing::tokenizer;

constexpr float kMasked = -std::numeric_limits<float>::infinity();

// The network and the filters of the reference in one: log-probabilities of the next token.
std::vector<float> naive_log_probabilities(const Rules& rules, uint64_t seed,
                                           const std::vector<int>& initial,
                                           const std::vector<int>& sampled) {
  std::vector<int> history = initial;
  history.insert(history.end(), sampled.begin(), sampled.end());
  std::vector<float> logits(kVocabulary, 0.0F);
  random_logits(seed, history, logits);
  ScoreRequest request;
  rules.apply(sampled, request);  // itself compared with the reference's filters elsewhere
  std::vector<float> kept(kVocabulary, kMasked);
  for (const IdRange& range : request.ranges)
    for (int id = range.begin; id < range.end; ++id)
      if (!request.mask->contains(id))
        kept[static_cast<size_t>(id)] = logits[static_cast<size_t>(id)];
  const auto log_sum_exp = [](std::span<const float> values) {
    double sum = 0;
    for (float value : values) sum += std::exp(static_cast<double>(value));
    return std::log(sum);
  };
  const float text = *std::max_element(kept.begin(), kept.begin() + kTime);
  if (log_sum_exp(std::span(kept).subspan(kTime)) > text)
    std::fill(kept.begin(), kept.begin() + kTime, kMasked);
  const double all = log_sum_exp(kept);
  for (float& value : kept) value = static_cast<float>(value - all);
  return kept;
}

// The reference's BeamSearchDecoder with dictionaries keyed by whole sequences, all beams equal at
// the start.
std::vector<Sequence> naive_beams(const Rules& rules, uint64_t seed,
                                  const std::vector<int>& initial, size_t beams, size_t wanted,
                                  int limit) {
  using Tokens = std::vector<int>;
  std::vector<Sequence> live(beams);
  std::vector<std::pair<Tokens, double>> finished;
  for (int step = 0; step < limit; ++step) {
    std::vector<std::pair<Tokens, double>> scores;  // in order of insertion, each key once
    for (const Sequence& beam : live) {
      const auto log_probabilities = naive_log_probabilities(rules, seed, initial, beam.tokens);
      std::vector<int> order(kVocabulary);
      for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
      std::partial_sort(order.begin(), order.begin() + static_cast<long>(beams) + 1, order.end(),
                        [&](int a, int b) {
                          const float x = log_probabilities[static_cast<size_t>(a)];
                          const float y = log_probabilities[static_cast<size_t>(b)];
                          return x != y ? x > y : a < b;
                        });
      for (size_t i = 0; i <= beams; ++i) {
        Tokens key = beam.tokens;
        key.push_back(order[i]);
        const double score = beam.sum_logprob + log_probabilities[static_cast<size_t>(order[i])];
        if (std::none_of(scores.begin(), scores.end(), [&](auto& one) { return one.first == key; }))
          scores.emplace_back(key, score);
      }
    }
    std::stable_sort(scores.begin(), scores.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    live.clear();
    for (auto& [tokens, score] : scores) {
      if (tokens.back() == kEnd) {
        if (finished.size() < wanted) finished.emplace_back(tokens, score);
        continue;
      }
      live.push_back({tokens, static_cast<float>(score)});
      if (live.size() == beams) break;
    }
    if (finished.size() >= wanted) break;
  }
  for (const Sequence& beam : live) {  // already best first
    if (finished.size() >= beams) break;
    finished.emplace_back(beam.tokens, beam.sum_logprob);
  }
  std::vector<Sequence> sequences;
  for (auto& [tokens, score] : finished) {
    if (tokens.back() == kEnd) tokens.pop_back();
    sequences.push_back({tokens, static_cast<float>(score)});
  }
  return sequences;
}

struct BeamCase {
  const char* name;
  int beams;
  std::optional<float> patience;
  std::optional<float> length_penalty;
  size_t wanted;  // round(beams * patience), half to even
  int max_tokens = 224;
};

class Beams : public ::testing::TestWithParam<BeamCase> {};

TEST_P(Beams, FindsWhatAnExhaustiveOneFinds) {
  DecodingOptions options;
  options.beam_size = GetParam().beams;
  options.patience = GetParam().patience;
  options.length_penalty = GetParam().length_penalty;
  options.max_tokens = GetParam().max_tokens;
  const Rules rules(tokenizer(), options);
  std::set<size_t> lengths;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Bench bench(options);
    bench.script->next = [&](int, std::span<const int> history, std::span<float> logits) {
      random_logits(seed, history, logits);
    };
    const auto found = bench.decode();
    ASSERT_TRUE(found) << found.error().message;
    const std::vector<Sequence> all = naive_beams(
        rules, seed, initial_tokens(tokenizer(), options, "en", {}),
        static_cast<size_t>(GetParam().beams), GetParam().wanted, GetParam().max_tokens);
    const Sequence& expected = all[best_sequence(all, options.length_penalty)];
    EXPECT_EQ(found->tokens, expected.tokens) << "seed " << seed;
    EXPECT_NEAR(found->avg_logprob,
                expected.sum_logprob / static_cast<float>(expected.tokens.size() + 1), 1e-4);
    lengths.insert(expected.tokens.size());
  }
  if (GetParam().max_tokens == 224) {
    EXPECT_GT(lengths.size(), 1U) << "the cases should differ";
  }
}

INSTANTIATE_TEST_SUITE_P(Search, Beams,
                         ::testing::Values(BeamCase{"One", 1, {}, {}, 1},
                                           BeamCase{"Two", 2, {}, {}, 2},
                                           BeamCase{"Five", 5, {}, {}, 5},
                                           BeamCase{"Patient", 3, 2.0F, 0.6F, 6},
                                           BeamCase{"RoundsHalfToEven", 5, 0.5F, {}, 2},
                                           BeamCase{"CutShort", 4, {}, 1.0F, 4, 3}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace npu
