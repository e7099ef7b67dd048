// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/factors.h"

#include <gtest/gtest.h>

#include <cmath>

#include "random_weights.h"

namespace npu::quantised {
namespace {

TEST(Factors, AreWithinAHalfOfTheGreatestsLastBit) {
  testing::Random random(3);
  for (int power = -30; power < 13; ++power) {
    std::vector<double> factors(150);
    for (double& factor : factors)
      factor = std::ldexp(std::abs(double{random.next()}) + 1e-3, power);
    const Factors made = make_factors(factors, 47);
    ASSERT_EQ(made.mult.size(), 150u);
    ASSERT_EQ(made.shift.size(), 3u);
    for (size_t i = 0; i < factors.size(); ++i)
      ASSERT_NEAR(std::ldexp(made.mult[i], -made.shift[i / 64]), factors[i],
                  std::ldexp(0.5, -made.shift[i / 64]))
          << "2^" << power << " column " << i;
  }
}

TEST(Factors, TheGreatestOfATileHas15Bits) {
  const std::vector<double> factors{0.001, 0.0005, 1e-6};
  const Factors made = make_factors(factors, 47);
  EXPECT_GE(made.mult[0], 1 << 14);
}

TEST(Factors, AShiftIsNoGreaterThanAllowed) {
  const std::vector<double> tiny{1e-12, 0};
  const Factors made = make_factors(tiny, 30);
  EXPECT_EQ(made.shift.front(), 30);
  EXPECT_EQ(made.mult[1], 0);
}

TEST(Factors, BeyondAMultiplierAreItsGreatest) {
  const std::vector<double> huge{1e9};
  EXPECT_EQ(make_factors(huge, 47).mult.front(), 32767);
  EXPECT_EQ(make_factors(huge, 47).shift.front(), 0);
}

TEST(Factors, OfOneTileShareItsShift) {
  const std::vector<double> factors(200, 0.25);
  EXPECT_EQ(make_factors(factors, 47, 200).shift.size(), 1u);
}

}  // namespace
}  // namespace npu::quantised
