// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernels expect of the parameters that they are given (their headers), as failures of a
// test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "layer_norm/layer_norm.h"
#include "numerics/fine.h"
#include "numerics/requantise.h"
#include "quantised/network.h"

namespace npu::testing {

inline constexpr unsigned kMostOutShift = 30;

inline void expect_factors(const quantised::Factors& factors, size_t columns, unsigned most_shift) {
  ASSERT_EQ(factors.mult.size(), columns);
  ASSERT_EQ(factors.shift.size(), (columns + kernels::kTile - 1) / kernels::kTile);
  for (const int16_t mult : factors.mult) ASSERT_GE(mult, 0);
  for (const unsigned shift : factors.shift) ASSERT_LE(shift, most_shift);
}

// No input of its kind takes a sum out of 32 bits.
inline void expect_sums(const quantised::Matrix& matrix) {
  const bool fine = matrix.input == quantised::Input::kFine;
  ASSERT_LE(matrix.cols, 5120U);
  ASSERT_EQ(matrix.weights.size(), size_t{matrix.rows} * matrix.cols);
  ASSERT_EQ(matrix.bias.size(), matrix.rows);
  for (size_t row = 0; row < matrix.rows; ++row) {
    int64_t most = std::abs(int64_t{matrix.bias[row]});
    if (fine) {
      ASSERT_LT(most, int64_t{1} << 29);
    }
    const int64_t greatest = fine ? -kernels::kFineLeast : 128;
    for (size_t c = 0; c < matrix.cols; ++c)
      most += greatest * std::abs(int{matrix.weights[row * matrix.cols + c]});
    ASSERT_LT(most, int64_t{1} << 31) << "row " << row;
  }
}

inline void expect_matrix(const quantised::Matrix& matrix) {
  expect_sums(matrix);
  expect_factors(matrix.out, matrix.rows, kernels::kMaxRequantiseShift);
  if (matrix.gelu) expect_factors(matrix.gelu_out, matrix.rows, kMostOutShift);
  ASSERT_LE(matrix.residual_shift, kMostOutShift);
}

inline void expect_norm(const quantised::Norm& norm) {
  ASSERT_EQ(norm.gamma.size() % kernels::kTile, 0U);
  ASSERT_LE(norm.gamma.size(), kernels::kMaxWidth);
  ASSERT_EQ(norm.beta.size(), norm.gamma.size());
  for (const int32_t beta : norm.beta) ASSERT_LT(std::abs(int64_t{beta}), int64_t{1} << 30);
  ASSERT_LE(norm.out_shift, kMostOutShift);
  ASSERT_GE(norm.epsilon, 1);
  ASSERT_LT(norm.epsilon, int64_t{1} << 51);
}

inline void expect_attention(const quantised::Attention& attention) {
  ASSERT_LE(attention.gain, attention.output == quantised::Input::kFine ? 12 : 8);
  ASSERT_EQ(attention.shift.size(), attention.mult.size());
  for (const int16_t mult : attention.mult) ASSERT_GE(mult, 0);
  for (const unsigned shift : attention.shift) ASSERT_LE(shift, kernels::kMaxRequantiseShift);
}

// Returns how many operations have been looked at.
inline size_t expect_within_limits(const quantised::Network& network) {
  for (const auto& [name, matrix] : network.matrices) {
    SCOPED_TRACE(name);
    expect_matrix(matrix);
  }
  for (const auto& [name, norm] : network.norms) {
    SCOPED_TRACE(name);
    expect_norm(norm);
  }
  for (const auto& [name, attention] : network.attentions) {
    SCOPED_TRACE(name);
    expect_attention(attention);
  }
  for (const int16_t mult : network.embedding.mult) EXPECT_GE(mult, 0);
  for (const unsigned shift : network.embedding.shift)
    EXPECT_LE(shift, kernels::kMaxRequantiseShift);
  return network.matrices.size() + network.norms.size() + network.attentions.size();
}

}  // namespace npu::testing
