// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/input_steps.h"

#include <gtest/gtest.h>

#include <cmath>

#include "random_weights.h"

namespace npu::quantised {
namespace {

constexpr size_t kChannels = 64, kOutputs = 96;

// Rows whose channel 5 is far greater than the others.
ChannelStats rows_with_an_outlier() {
  testing::Random random(11);
  ActivationStats stats;
  std::vector<float> row(kChannels);
  for (size_t r = 0; r < kSampleRows; ++r) {
    for (float& x : row) x = random.next();
    row[5] *= 200;
    stats.add("x", row.data(), 1, kChannels, kChannels);
  }
  return *stats.find("x");
}

std::vector<float> weights() {
  testing::Random random(12);
  std::vector<float> values(kChannels * kOutputs);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = random.next() * (i % kChannels == 5 ? 0.02F : 1.0F);
  return values;
}

TEST(InputSteps, AnOutlierDoesNotDrownTheOtherChannels) {
  const ChannelStats stats = rows_with_an_outlier();
  const auto values = weights();
  const Reader readers[] = {{values, kOutputs}};
  const InputSteps chosen = choose_steps(stats, readers, Input::kInt8);
  // With one step for all, the others would have at most +-1.
  EXPECT_LT(chosen.steps[0], stats.peak[0] / 30);
  EXPECT_LT(chosen.noise, 1e-3);
}

TEST(InputSteps, FineOnesLoseLess) {
  const ChannelStats stats = rows_with_an_outlier();
  const auto values = weights();
  const Reader readers[] = {{values, kOutputs}};
  EXPECT_LT(choose_steps(stats, readers, Input::kFine).noise,
            choose_steps(stats, readers, Input::kInt8).noise);
}

TEST(InputSteps, AreOfUseForSilentChannels) {
  ActivationStats stats;
  const std::vector<float> row(kChannels, 0);
  stats.add("x", row.data(), 1, kChannels, kChannels);
  const auto values = weights();
  const Reader readers[] = {{values, kOutputs}};
  for (const float step : choose_steps(*stats.find("x"), readers, Input::kInt8).steps) {
    EXPECT_GT(step, 0);
    EXPECT_TRUE(std::isfinite(step));
  }
}

TEST(InputSteps, WeightsAreWithinAHalfOfTheirStep) {
  const std::vector<float> values{0.5F, -1.27F, 0.003F}, steps{1, 1, 1};
  std::vector<int8_t> integers(3);
  const double step = quantise_weights(values, steps, integers);
  EXPECT_EQ(integers[1], -127);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(integers[i] * step, values[i], step / 2 + 1e-7);
}

TEST(InputSteps, RangesCutOffARareValueOnlyIfThatPays) {
  ActivationStats stats;
  testing::Random random(5);
  for (int r = 0; r < 100; ++r) {
    const float row[] = {random.next(), random.next()};
    stats.add("x", row, 1, 2, 2);
  }
  const auto ranges = best_ranges(*stats.find("x"));
  // Evenly distributed: cutting anything off costs more.
  EXPECT_EQ(ranges[0], stats.find("x")->peak[0]);
}

}  // namespace
}  // namespace npu::quantised
