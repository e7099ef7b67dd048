// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/integer/attention.h"

#include <algorithm>
#include <cstring>

#include "numerics/exp2_table.h"
#include "numerics/requantise.h"
#include "numerics/rsqrt.h"

namespace npu::cpu::integer {
namespace {

constexpr size_t kPanels = kKeyBlock / kPanelCols;
constexpr size_t kPanelBytes = kHeadSize * kPanelCols;
constexpr int16_t kMostExponent = 127 * 256;
constexpr int32_t kMostHalvings = 40;

size_t key_place(size_t key, size_t dimension) {
  return key / kPanelCols * kPanelBytes + (dimension / 4 * kPanelCols + key % kPanelCols) * 4 +
         dimension % 4;
}

size_t value_place(size_t key, size_t dimension) {
  return dimension / kPanelCols * kPanelBytes +
         (key / 4 * kPanelCols + dimension % kPanelCols) * 4 + key % 4;
}

int32_t halved(int32_t value, int32_t times) {
  return kernels::round_shift<int32_t>(value,
                                       static_cast<unsigned>(std::min(times, kMostHalvings)));
}

struct RowState {
  int32_t exponent = 0;
  int32_t sum = 0;
};

// What attend() holds of its rows.
struct Rows {
  RowState state[kQueryRows];
  alignas(64) int32_t weighted[kQueryRows][kHeadSize];
};

// A row of exponents becomes weights; the row's sums are brought to a greater exponent before.
void weigh(const kernels::LinearTable& exp2, const int16_t* exponents, size_t visible,
           RowState& state, int32_t* weighted, uint8_t* weights) {
  std::memset(weights + visible, 0, kKeyBlock - visible);
  if (visible == 0) return;
  const int16_t greatest = *std::max_element(exponents, exponents + visible);
  const int32_t exponent = (greatest + 255) >> kernels::kExponentBits;
  if (state.sum == 0) state.exponent = exponent;
  if (exponent > state.exponent) {
    const int32_t times = exponent - state.exponent;
    for (size_t c = 0; c < kHeadSize; ++c) weighted[c] = halved(weighted[c], times);
    state.sum = halved(state.sum, times);
    state.exponent = exponent;
  }
  const int32_t above = state.exponent * 256 + 1;
  for (size_t key = 0; key < visible; ++key) {
    const auto below = static_cast<int16_t>(std::max(exponents[key] - above, -32768));
    weights[key] = kernels::evaluate_exp2(exp2, below);
    state.sum += weights[key];
  }
}

// Exponents of some rows and one block of keys, [rows][kKeyBlock].
void score_block(const DotVariant& dot, const Head& head, const KeyValues& keys, size_t block,
                 const uint8_t* q, size_t stride, size_t rows, int16_t* exponents) {
  alignas(64) int32_t sums[kQueryRows * kPanelCols];
  for (size_t panel = 0; panel < kPanels; ++panel) {
    dot.int8(
        {q, stride, rows, keys.keys(block) + panel * kPanelBytes, kHeadSize / 4, sums, kPanelCols});
    const int32_t* offsets = keys.offsets(block) + panel * kPanelCols;
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < kPanelCols; ++c)
        exponents[r * kKeyBlock + panel * kPanelCols + c] =
            kernels::requantise_i16(sums[r * kPanelCols + c] - offsets[c], head.mult, head.shift);
  }
}

void add_values(const DotVariant& dot, const KeyValues& keys, size_t block, const uint8_t* weights,
                size_t rows, Rows& to) {
  alignas(64) int32_t sums[kQueryRows * kPanelCols];
  for (size_t panel = 0; panel < kPanels; ++panel) {
    dot.int8({weights, kKeyBlock, rows, keys.values(block) + panel * kPanelBytes, kKeyBlock / 4,
              sums, kPanelCols});
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < kPanelCols; ++c)
        to.weighted[r][panel * kPanelCols + c] += sums[r * kPanelCols + c];
  }
}

void finish(const Head& head, const Rows& rows, const View& out, size_t column) {
  for (size_t r = 0; r < out.rows; ++r) {
    const auto sum = static_cast<uint64_t>(rows.state[r].sum);
    const kernels::Rsqrt inverse = sum == 0 ? kernels::Rsqrt{0, 20} : kernels::rsqrt(sum * sum);
    const unsigned shift = static_cast<unsigned>(inverse.shift) - head.gain;
    for (size_t c = 0; c < kHeadSize; ++c) {
      const auto value =
          kernels::round_shift<int16_t>(int64_t{rows.weighted[r][c]} * inverse.mult, shift);
      if (out.kind == Kind::kFine)
        put_fine(out.row(r), out.stride, column + c, value);
      else
        put_int8(out.row(r), column + c,
                 kernels::saturate_to<int8_t>(value, kernels::SaturationMode::kSaturate));
    }
  }
}

}  // namespace

KeyValues::KeyValues(size_t most_keys) {
  const size_t padded = round_up(most_keys, kKeyBlock);
  keys_ = AlignedArray<int8_t>(padded * kHeadSize);
  values_ = AlignedArray<int8_t>(padded * kHeadSize);
  offsets_ = AlignedArray<int32_t>(padded);
}

void KeyValues::put(size_t key, const int8_t* k, const int8_t* v) {
  const size_t block = key / kKeyBlock * kKeyBlock * kHeadSize, index = key % kKeyBlock;
  int32_t sum = 0;
  for (size_t c = 0; c < kHeadSize; ++c) {
    keys_.data()[block + key_place(index, c)] = k ? k[c] : int8_t{0};
    values_.data()[block + value_place(index, c)] = v ? v[c] : int8_t{0};
    sum += k ? k[c] : 0;
  }
  offsets_.data()[key] = sum * kOffset;
}

void attend(const DotVariant& dot, const kernels::LinearTable& exp2, const Head& head,
            const KeyValues& keys, std::span<const size_t> limits, const View& q, const View& out,
            size_t column) {
  Rows rows;
  std::memset(rows.weighted, 0, q.rows * sizeof rows.weighted[0]);
  int16_t exponents[kQueryRows * kKeyBlock];
  alignas(64) uint8_t weights[kQueryRows * kKeyBlock];
  for (size_t block = 0; block < keys.blocks(); ++block) {
    score_block(dot, head, keys, block, q.data + column, q.stride, q.rows, exponents);
    for (size_t r = 0; r < q.rows; ++r) {
      int16_t* row = exponents + r * kKeyBlock;
      const size_t visible =
          std::min(kKeyBlock, limits[r] - std::min(limits[r], block * kKeyBlock));
      for (size_t key = 0; key < visible; ++key) row[key] = std::min(row[key], kMostExponent);
      weigh(exp2, row, visible, rows.state[r], rows.weighted[r], weights + r * kKeyBlock);
    }
    add_values(dot, keys, block, weights, q.rows, rows);
  }
  finish(head, rows, out, column);
}

size_t score_keys(const DotVariant& dot, const Head& head, const KeyValues& keys, size_t block,
                  const uint8_t* q, int16_t exponents[kKeyBlock]) {
  score_block(dot, head, keys, block, q, 0, 1, exponents);
  return std::min(kKeyBlock, keys.count() - block * kKeyBlock);
}

}  // namespace npu::cpu::integer
