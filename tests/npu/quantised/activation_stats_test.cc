// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/activation_stats.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace npu::quantised {
namespace {

TEST(ActivationStats, PeaksAreTheGreatestMagnitudesOfEachChannel) {
  ActivationStats stats;
  const float rows[] = {1, -5, 99, -2, 3, 99};  // a third column that is no channel
  stats.add("x", rows, 2, 2, 3);
  const float more[] = {0.5F, -6};
  stats.add("x", more, 1, 2, 2);
  const ChannelStats* found = stats.find("x");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->peak, (std::vector<float>{2, 6}));
  EXPECT_EQ(found->greatest(), 6);
  EXPECT_EQ(found->seen, 3u);
  EXPECT_EQ(found->samples, (std::vector<float>{1, -5, -2, 3, 0.5F, -6}));
}

TEST(ActivationStats, WhatWasNeverSeenIsNotFound) {
  EXPECT_EQ(ActivationStats().find("x"), nullptr);
}

TEST(ActivationStats, SamplesComeEvenlyFromAllRows) {
  ActivationStats stats;
  constexpr int kRows = 20000;
  for (int row = 0; row < kRows; ++row) {
    const float value = static_cast<float>(row);
    stats.add("x", &value, 1, 1, 1);
  }
  std::vector<float> samples = stats.find("x")->samples;
  ASSERT_EQ(samples.size(), kSampleRows);
  // Of 128 even draws each quarter has 32 +- 5.
  for (int quarter = 0; quarter < 4; ++quarter) {
    const auto inside = [&](float x) { return static_cast<int>(x) / (kRows / 4) == quarter; };
    const auto count = std::count_if(samples.begin(), samples.end(), inside);
    EXPECT_GT(count, 12) << "quarter " << quarter;
    EXPECT_LT(count, 52) << "quarter " << quarter;
  }
  std::sort(samples.begin(), samples.end());
  EXPECT_EQ(std::unique(samples.begin(), samples.end()), samples.end()) << "a row twice";
}

}  // namespace
}  // namespace npu::quantised
