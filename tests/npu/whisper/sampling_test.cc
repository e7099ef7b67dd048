// SPDX-License-Identifier: LGPL-2.1-or-later
// Drawing tokens, and the best of several samples.
#include "whisper/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "search_bench.h"
#include "whisper/exponentials.h"

namespace npu {
namespace {

using testing::Bench;
using testing::random_logits;

TEST(Sampling, FollowsTheTemperedDistribution) {
  const std::vector<float> logits = {1, 2, 3, 0, 9};
  TokenSet mask(5);
  mask.insert(4);
  ScoreRequest request;
  request.mask = &mask;
  request.ranges[kText] = {0, 5};
  request.full_row = true;
  ScoreResult result;
  testing::answer(request, logits, result);
  const float temperature = 0.8F;
  std::map<int, int> counts;
  Urn urn;
  urn.fill(request, result, choices(result), temperature);
  Random random(11);
  constexpr int kDraws = 40000;
  for (int i = 0; i < kDraws; ++i) ++counts[urn.draw(random.uniform())];
  double sum = 0, chi_squared = 0;
  for (int id = 0; id < 4; ++id) sum += std::exp(logits[static_cast<size_t>(id)] / temperature);
  for (int id = 0; id < 4; ++id) {
    const double expected = kDraws * std::exp(logits[static_cast<size_t>(id)] / temperature) / sum;
    chi_squared += std::pow(counts[id] - expected, 2) / expected;
  }
  EXPECT_EQ(counts.size(), 4U) << "masked ids must not be drawn";
  EXPECT_LE(chi_squared, 16.3) << "3 degrees of freedom, 0.1 %";
}

TEST(Exponentials, AreThoseOfTheStandardLibrary) {
  for (const size_t count : {1, 3, 4, 15, 16, 33, 1000}) {
    std::vector<float> x(count), found(count + 1, -1);
    Random random(count);
    for (float& value : x) value = static_cast<float>(random.uniform()) * -60 + 2;
    exponentials(x.data(), count, 2, 0.7F, found.data());
    for (size_t i = 0; i < count; ++i) {
      const double expected = std::exp(std::max((double{x[i]} - 2) / 0.7F, -87.0));
      EXPECT_NEAR(found[i], expected, expected * 1e-5) << "e^" << (x[i] - 2) / 0.7F;
    }
    EXPECT_EQ(found[count], -1) << "behind the end";
  }
}

// In ascending order of ids every uniform number has its id, up to what single precision leaves.
TEST(Sampling, DrawsTheIdAtThatPartOfTheDistribution) {
  constexpr size_t kIds = 1000;
  for (const float temperature : {0.1F, 1.0F}) {
    std::vector<float> logits(kIds);
    Random random(5);
    for (float& logit : logits) logit = static_cast<float>(random.uniform()) * 30 - 25;
    TokenSet mask(kIds);
    for (int id = 0; id < static_cast<int>(kIds); id += 3) mask.insert(id);
    ScoreRequest request;
    request.mask = &mask;
    request.ranges[kText] = {5, 900};
    request.ranges[kTimestamps] = {901, 1000};
    request.full_row = true;
    ScoreResult result;
    testing::answer(request, logits, result);
    Choices all = choices(result);
    all.only_timestamps = false;
    std::vector<double> until(kIds + 1);
    for (size_t id = 0; id < kIds; ++id) {
      const bool left = id >= 5 && id != 900 && id % 3 != 0;
      until[id + 1] = until[id] + (left ? std::exp(double{logits[id]} / temperature) : 0);
    }
    Urn urn;
    urn.fill(request, result, all, temperature);
    for (int i = 0; i < 2000; ++i) {
      const double uniform = random.uniform();
      const int id = urn.draw(uniform);
      ASSERT_NE(id % 3, 0);
      ASSERT_LE(until[static_cast<size_t>(id)] / until[kIds], uniform + 1e-6);
      ASSERT_GE(until[static_cast<size_t>(id) + 1] / until[kIds], uniform - 1e-6);
    }
  }
}

TEST(Sampling, DrawsOnlyTimestampsWhereTheyMustCome) {
  const std::vector<float> logits = {5, 4.9F, 4.8F, 4.7F};
  ScoreRequest request;
  request.ranges[kText] = {0, 1};
  request.ranges[kTimestamps] = {1, 4};
  request.full_row = true;
  ScoreResult result;
  testing::answer(request, logits, result);
  Urn urn;
  urn.fill(request, result, choices(result), 1.0F);
  for (double uniform : {0.0, 0.3, 0.6, 0.999999}) EXPECT_GE(urn.draw(uniform), 1);
}

TEST(Sampling, TheSameSeedGivesTheSameTextAndAnotherSeedAnother) {
  std::vector<std::vector<int>> tokens;
  for (uint64_t seed : {1, 1, 2}) {
    DecodingOptions options;
    options.seed = seed;
    options.best_of = 3;
    const float temperature = 0.9F;
    Bench bench(options, temperature);
    bench.script->next = [&](int, std::span<const int> history, std::span<float> logits) {
      random_logits(5, history, logits);
    };
    const auto found = bench.decode(temperature);
    ASSERT_TRUE(found) << found.error().message;
    tokens.push_back(found->tokens);
  }
  EXPECT_EQ(tokens[0], tokens[1]);
  EXPECT_NE(tokens[0], tokens[2]);
}

TEST(Sampling, TakesTheBestOfItsSamples) {
  const float temperature = 1.0F;
  const auto decode = [&](int best_of) {
    DecodingOptions options;
    options.best_of = best_of;
    Bench bench(options, temperature);
    bench.script->next = [](int, std::span<const int> history, std::span<float> logits) {
      random_logits(8, history, logits);
    };
    return *bench.decode(temperature);
  };
  // Samples have seeds of their own, so more of them can only be better.
  const auto mean = [](const DecodedWindow& window) {
    return window.avg_logprob * static_cast<float>(window.tokens.size() + 1) /
           static_cast<float>(window.tokens.size());
  };
  EXPECT_GE(mean(decode(3)), mean(decode(1)));
  EXPECT_GE(mean(decode(8)), mean(decode(3)));
  EXPECT_GT(mean(decode(8)), mean(decode(1)));
}

}  // namespace
}  // namespace npu
