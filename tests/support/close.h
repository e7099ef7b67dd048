// SPDX-License-Identifier: LGPL-2.1-or-later
// Comparison of floats with a bound for each, which NaN never passes.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <span>

namespace npu::testing {

// What an independent computation says, and how far f32 arithmetic may be from it.
struct Expected {
  double value;
  double bound;
};

// Rounding error of one f32 operation, relative.
inline constexpr double kUnit = 0x1p-24;

inline ::testing::AssertionResult all_close(std::span<const float> found,
                                            std::span<const Expected> expected) {
  if (found.size() != expected.size())
    return ::testing::AssertionFailure()
           << "expected " << expected.size() << " values, found " << found.size();
  for (size_t i = 0; i < found.size(); ++i) {
    const Expected& want = expected[i];
    if (want.value - want.bound <= found[i] && found[i] <= want.value + want.bound) continue;
    return ::testing::AssertionFailure() << "value " << i << ": expected " << want.value
                                         << " within " << want.bound << ", found " << found[i];
  }
  return ::testing::AssertionSuccess();
}

}  // namespace npu::testing
