// SPDX-License-Identifier: LGPL-2.1-or-later
// What a device of a precision makes of its inputs before it multiplies them, written as plain
// loops: with inputs rounded like this, the rest of its work must be right to a few last places.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "half.h"
#include "rig.h"

namespace npu::testing {

using Floats = std::vector<float>;

// Each value times `factor` as bfloat16, and back.
inline Floats as_bf16(Floats values, float factor = 1) {
  for (float& x : values) x = bfloat16_to_float(float_to_bfloat16(x * factor)) / factor;
  return values;
}

// Each `length` neighbours as integers of 8 bits with a step of their own, 0 in the middle.
inline Floats as_int8(Floats values, size_t length) {
  for (size_t begin = 0; begin < values.size(); begin += length) {
    float most = 0;
    for (size_t i = begin; i < begin + length; ++i) most = std::max(most, std::abs(values[i]));
    const float scale = most / 127;
    for (size_t i = begin; i < begin + length; ++i)
      values[i] = scale > 0 ? std::nearbyint(values[i] * (1 / scale)) * scale : 0;
  }
  return values;
}

// The same with 256 steps from the least to the greatest of the values and 0.
inline Floats as_uint8(Floats values, size_t length) {
  for (size_t begin = 0; begin < values.size(); begin += length) {
    const auto first = values.begin() + static_cast<long>(begin), last = first + long(length);
    const float least = std::min(0.0f, *std::min_element(first, last));
    const float range = std::max(0.0f, *std::max_element(first, last)) - least;
    const float steps = 255 / range, zero = std::nearbyint(-least * steps);
    for (auto x = first; x != last; ++x) {
      const float u = std::clamp(std::nearbyint(*x * steps) + zero, 0.0f, 255.0f);
      *x = (u - zero) * (range / 255);
    }
  }
  return values;
}

// The same with 2^16 - 1 steps, 0 in the middle.
inline Floats as_int16(Floats values, size_t length) {
  for (size_t begin = 0; begin < values.size(); begin += length) {
    float most = 0;
    for (size_t i = begin; i < begin + length; ++i) most = std::max(most, std::abs(values[i]));
    for (size_t i = begin; i < begin + length; ++i)
      values[i] = std::nearbyint(values[i] * (32767 / most)) * (most / 32767);
  }
  return values;
}

// Rows that enter a linear, a fixed number or those of the row table, and its weights.
inline Floats seen_table_rows(Precision precision, const Floats& rows, size_t cols) {
  if (precision == Precision::kInt8) return as_int16(rows, cols);
  return precision == Precision::kBf16 ? as_bf16(rows) : rows;
}
inline Floats seen_rows(Precision precision, const Floats& rows, size_t cols) {
  if (precision == Precision::kInt8) return as_uint8(rows, cols);
  return precision == Precision::kBf16 ? as_bf16(rows) : rows;
}
inline Floats seen_weights(Precision precision, const Floats& weights, size_t cols) {
  if (precision == Precision::kInt8) return as_int8(weights, cols);
  return precision == Precision::kBf16 ? as_bf16(weights) : weights;
}

// The embedding: in int8, each column by its greatest value first.
struct SeenEmbedding {
  Floats values;  // as it is looked up
  Floats column;  // what rows are multiplied by before they meet values / column
};
inline SeenEmbedding seen_embedding(Precision precision, const Floats& tokens, size_t cols) {
  Floats column(cols, 1.0f);
  if (precision != Precision::kInt8) return {seen_weights(precision, tokens, cols), column};
  for (size_t c = 0; c < cols; ++c) {
    column[c] = 0;
    for (size_t i = c; i < tokens.size(); i += cols)
      column[c] = std::max(column[c], std::abs(tokens[i]));
  }
  Floats values = tokens;
  for (size_t i = 0; i < values.size(); ++i) values[i] /= column[i % cols];
  values = as_int8(values, cols);
  for (size_t i = 0; i < values.size(); ++i) values[i] *= column[i % cols];
  return {values, column};
}

}  // namespace npu::testing
