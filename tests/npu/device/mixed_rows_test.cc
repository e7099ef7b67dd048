// SPDX-License-Identifier: LGPL-2.1-or-later
// The row operations of int8 and bfloat16 against loops in double. Run again with NPUWHISPER_CPU
// for each instruction set.
#include <algorithm>
#include <cmath>
#include <vector>

#include "close.h"
#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot.h"
#include "device/cpu/mixed/indexed_rows.h"
#include "device/cpu/mixed/rows.h"
#include "half.h"
#include "rig.h"

namespace npu::testing {
namespace {

using cpu::kPanelCols;
using cpu::RowScale;

constexpr size_t kCols[] = {1, 3, 15, 16, 17, 31, 33, 64, 80, 512, 1280};

class MixedRows : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto forced = cpu::dot_variant();
    if (!forced) GTEST_SKIP() << forced.error().message;
  }
};

// `cols` numbers and a panel of others beyond, which must not count.
std::vector<float> row_of(size_t cols, uint64_t seed, float scale = 1, float offset = 0) {
  auto row = random_floats(cols + 2 * kPanelCols, seed, scale);
  for (size_t i = 0; i < row.size(); ++i) row[i] = i < cols ? row[i] + offset : 1e9f;
  return row;
}

void expect_quantised(const std::vector<float>& row, size_t cols) {
  std::vector<uint8_t> out(row.size());
  const RowScale scale = cpu::quantise_row(row.data(), cols, out.data());
  const float least = std::min(0.0f, *std::min_element(row.begin(), row.begin() + long(cols)));
  const float most = std::max(0.0f, *std::max_element(row.begin(), row.begin() + long(cols)));
  const double step = (double{most} - least) / 255;
  EXPECT_NEAR(scale.scale, step, step * 1e-6);
  for (size_t i = 0; i < cols; ++i)
    ASSERT_NEAR(scale.scale * (out[i] - scale.zero), row[i], step * 1.01)
        << i << " of " << cols << ", step " << step;
}

TEST_F(MixedRows, QuantisedIsWithinAStep) {
  for (const size_t cols : kCols)
    for (const float scale : {1e-20f, 1.0f, 1e20f})
      for (const float offset : {0.0f, 3.0f, -3.0f})
        expect_quantised(row_of(cols, cols, scale, offset * scale), cols);
}

TEST_F(MixedRows, QuantisedIsHalfAStepAwayAtMostInsideTheRange) {
  auto row = row_of(512, 1);
  std::vector<uint8_t> out(row.size());
  const RowScale scale = cpu::quantise_row(row.data(), 512, out.data());
  for (size_t i = 0; i < 512; ++i)
    if (out[i] > 0 && out[i] < 255) {
      ASSERT_NEAR(scale.scale * (out[i] - scale.zero), row[i], 0.501 * scale.scale);
    }
}

TEST_F(MixedRows, ZeroIsExact) {
  for (const float offset : {0.0f, 1.0f, -1.0f}) {
    auto row = row_of(64, 2, 1, offset);
    row[17] = 0;
    std::vector<uint8_t> out(row.size());
    const RowScale scale = cpu::quantise_row(row.data(), 64, out.data());
    EXPECT_EQ(out[17], scale.zero);
  }
}

TEST_F(MixedRows, ARowWithoutARangeIsZero) {
  for (const float value : {0.0f, -0.0f, 1e-38f, -1e-40f}) {
    std::vector<float> row(64 + 2 * kPanelCols, value);
    std::vector<uint8_t> out(row.size());
    const RowScale scale = cpu::quantise_row(row.data(), 64, out.data());
    EXPECT_EQ(scale.scale, 0);
  }
}

TEST_F(MixedRows, Bf16RoundsToNearestEven) {
  for (const size_t cols : kCols) {
    const auto row = row_of(cols, cols, 100);
    std::vector<uint16_t> out(row.size(), 0xffff);
    cpu::bf16_row(row.data(), cols, 0.5f, out.data());
    for (size_t i = 0; i < cols; ++i)
      ASSERT_EQ(out[i], float_to_bfloat16(row[i] * 0.5f)) << i << " of " << cols;
    if (cols % 2) {
      EXPECT_EQ(out[cols], 0);
    }
  }
}

double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

TEST_F(MixedRows, FinishDequantisesAndAddsAndApplies) {
  constexpr size_t kRows = 7, kStride = 40;
  Random random(3);
  std::vector<int32_t> sums(kRows * kStride), col_sum(kPanelCols);
  std::vector<float> bias(kPanelCols), col_scale(kPanelCols), residual(kRows * kStride);
  std::vector<RowScale> rows(kRows);
  for (int32_t& x : sums) x = static_cast<int32_t>(random.next() * 3e7f);
  for (int32_t& x : col_sum) x = static_cast<int32_t>(random.next() * 1e5f);
  for (float& x : bias) x = random.next();
  for (float& x : residual) x = random.next();
  for (float& x : col_scale) x = (random.next() + 1) * 1e-3f;
  for (RowScale& row : rows)
    row = {(random.next() + 1) * 1e-3f, static_cast<int32_t>(random.next() * 127 + 128)};
  for (const bool with_bias : {false, true})
    for (const bool with_gelu : {false, true})
      for (const bool with_residual : {false, true}) {
        std::vector<float> out(kRows * kStride);
        cpu::PanelFinish finish{kRows,     with_bias ? bias.data() : nullptr,
                                with_gelu, with_residual ? residual.data() : nullptr,
                                kStride,   out.data(),
                                kStride};
        cpu::finish_int8({sums.data(), kStride, rows.data(), col_scale.data(), col_sum.data()},
                         finish);
        std::vector<float> plain(kRows * kStride), floats(sums.begin(), sums.end());
        for (float& x : floats) x *= 1e-6f;
        finish.out = plain.data();
        cpu::finish_f32(floats.data(), kStride, finish);
        for (size_t r = 0; r < kRows; ++r)
          for (size_t c = 0; c < kPanelCols; ++c) {
            const size_t at = r * kStride + c;
            const auto expected = [&](double y) {
              if (with_bias) y += bias[c];
              if (with_gelu) y = gelu(y);
              return y + (with_residual ? residual[at] : 0);
            };
            const double sum = double(int64_t{sums[at]} - int64_t{rows[r].zero} * col_sum[c]);
            const double y = sum * rows[r].scale * col_scale[c];
            ASSERT_NEAR(out[at], expected(y), std::abs(y) * 1e-6 + (with_gelu ? 2e-4 : 1e-6));
            ASSERT_NEAR(plain[at], expected(floats[at]),
                        std::abs(floats[at]) * 1e-6 + (with_gelu ? 2e-4 : 1e-6));
          }
      }
}

TEST_F(MixedRows, GeluIsWithinItsBoundFromTailToTail) {
  std::vector<float> x(kPanelCols), y(kPanelCols);
  for (float begin = -16; begin < 16; begin += 0.25f) {
    for (size_t c = 0; c < kPanelCols; ++c) x[c] = begin + static_cast<float>(c) / 128;
    cpu::finish_f32(x.data(), kPanelCols, {1, nullptr, true, nullptr, 0, y.data(), kPanelCols});
    for (size_t c = 0; c < kPanelCols; ++c) ASSERT_NEAR(y[c], gelu(x[c]), 1e-4) << x[c];
  }
}

TEST_F(MixedRows, SplitAndJoinedProductsAreThoseOf16Bits) {
  for (const size_t cols : {size_t{1}, size_t{33}, size_t{64}, size_t{256}}) {
    const size_t groups = (cols + 3) / 4;
    const auto x = row_of(cols, cols, 3);
    Random random(cols);
    std::vector<int8_t> b(groups * kPanelCols * 4);
    std::vector<int32_t> col_sum(kPanelCols), high(kPanelCols), low(kPanelCols);
    std::vector<float> col_scale(kPanelCols), weight(cols + 2 * kPanelCols);
    std::vector<float> found(kPanelCols);
    for (float& scale : col_scale) scale = random.next() + 1;
    for (float& value : weight) value = random.next() + 1;
    for (size_t k = 0; k < cols; ++k)
      for (size_t c = 0; c < kPanelCols; ++c) {
        int8_t& q = b[(k / 4 * kPanelCols + c) * 4 + k % 4];
        q = static_cast<int8_t>(random.next() * 127);
        col_sum[c] += q;
      }
    std::vector<uint8_t> bytes(2 * (cols + 2 * kPanelCols));
    uint8_t* lower = bytes.data() + cols + 2 * kPanelCols;
    const auto dot = [&](const uint8_t* a, int32_t* out) {
      (*cpu::dot_variant())->int8({a, 0, 1, b.data(), groups, out, kPanelCols});
    };
    const auto expect_joined = [&](const std::vector<double>& values, bool scaled) {
      for (size_t c = 0; c < kPanelCols; ++c) {
        double sum = 0, most = 0, magnitude = 0;
        for (size_t k = 0; k < cols; ++k) {
          const int q = b[(k / 4 * kPanelCols + c) * 4 + k % 4];
          sum += values[k] * q;
          most = std::max(most, std::abs(values[k]));
          magnitude += std::abs(q);
        }
        const double scale = scaled ? col_scale[c] : 1;
        // Half a step of 16 bits of each value, and f32's own rounding.
        const double bound = magnitude * most * (1.0 / 65534 + 1e-6) * scale;
        ASSERT_NEAR(found[c], sum * scale, bound) << cols << " columns, scaled " << scaled;
      }
    };
    const float scale = cpu::split_signed(x.data(), cols, bytes.data(), lower);
    dot(bytes.data(), high.data());
    dot(lower, low.data());
    cpu::join_signed(high.data(), low.data(), 1, &scale, col_scale.data(), col_sum.data(),
                     found.data(), kPanelCols);
    expect_joined({x.begin(), x.begin() + static_cast<ptrdiff_t>(cols)}, true);

    constexpr float kFactor = 0.7f;
    const double most = *std::max_element(x.begin(), x.begin() + static_cast<ptrdiff_t>(cols));
    std::vector<double> shares(cols);
    double sum = 0;
    for (size_t k = 0; k < cols; ++k) sum += shares[k] = std::exp(kFactor * (x[k] - most));
    for (size_t k = 0; k < cols; ++k) shares[k] *= weight[k] / sum;
    auto scores = x;
    const float step = cpu::split_softmax(scores.data(), kFactor, weight.data(), cols, bytes.data(),
                                          lower, {b.data(), b.size() / cpu::kCacheLine});
    dot(bytes.data(), high.data());
    dot(lower, low.data());
    cpu::join_positive(high.data(), low.data(), step, found.data());
    expect_joined(shares, false);
  }
}

TEST_F(MixedRows, SymmetricRowsAreRoundedAndInterleaved) {
  for (const size_t cols : {size_t{1}, size_t{15}, size_t{31}, size_t{32}}) {
    std::vector<std::vector<float>> values;
    const float* rows[4];
    float scale[4];
    for (size_t i = 0; i < 4; ++i) {
      values.push_back(row_of(cols, cols + i, 2));
      rows[i] = values[i].data();
      scale[i] = cpu::symmetric_scale(rows[i], cols);
      float most = 0;
      for (size_t c = 0; c < cols; ++c) most = std::max(most, std::abs(rows[i][c]));
      EXPECT_NEAR(scale[i], most / 127, most * 1e-6);
      std::vector<int8_t> q(cols + 2 * kPanelCols, 99);
      const int32_t sum = cpu::symmetric_row(rows[i], cols, scale[i], q.data());
      int32_t expected = 0;
      for (size_t c = 0; c < cols; ++c) {
        ASSERT_NEAR(q[c] * scale[i], rows[i][c], 0.501f * scale[i]);
        expected += q[c];
      }
      EXPECT_EQ(sum, expected);
      for (size_t c = cols; c % 4 != 0; ++c) EXPECT_EQ(q[c], 0);
    }
    std::vector<int8_t> out(kPanelCols * 4, 99);
    cpu::interleave_int8(rows, scale, cols, out.data());
    std::vector<uint16_t> pairs(kPanelCols * 2, 99);
    cpu::interleave_bf16(rows[0], nullptr, cols, pairs.data());
    for (size_t c = 0; c < kPanelCols; ++c)
      for (size_t i = 0; i < 4; ++i) {
        const float value = c < cols ? rows[i][c] : 0;
        ASSERT_NEAR(out[4 * c + i] * scale[i], value, 0.501f * scale[i]);
        if (i < 2) {
          ASSERT_EQ(pairs[2 * c + i], i == 0 ? float_to_bfloat16(value) : 0);
        }
      }
  }
}

TEST_F(MixedRows, IndexedRowsAreThoseOfTheIndex) {
  constexpr size_t kCount = 9, kStride = 160, kColumn = 32, kQueries = 3, kSums = 13;
  const int index[kCount] = {3, 0, 7, 7, 11, 2, 5, 1, 10};
  for (const size_t cols : {size_t{1}, size_t{33}, size_t{64}, size_t{80}}) {
    const auto q = row_of(cols, 1), other = row_of(cols, 4), weights = random_floats(kCount, 2);
    const auto values = random_floats(12 * kStride, 3);
    std::vector<uint16_t> halves(values.size());
    for (size_t i = 0; i < values.size(); ++i) halves[i] = float_to_bfloat16(values[i]);
    std::vector<float> split(cpu::round_up(cols, kPanelCols)), split_other(split.size());
    std::vector<std::vector<float>> dots(kQueries, std::vector<float>(kCount + cpu::kIndexedBlock));
    std::vector<std::vector<float>> sums(kSums, std::vector<float>(cols, 2.0f));
    cpu::split_query(q.data(), cols, split.data());
    cpu::split_query(other.data(), cols, split_other.data());
    const float* queries[kQueries] = {split.data(), split_other.data(), split.data()};
    for (size_t first = 0; first < kCount; first += 5) {
      const cpu::IndexedBf16Rows rows(halves.data(), kStride, std::span(index).subspan(first),
                                      std::min(kCount - first, size_t{5}));
      float* all_dots[kQueries];
      for (size_t s = 0; s < kQueries; ++s) all_dots[s] = dots[s].data() + first;
      cpu::indexed_dots_bf16(queries, kQueries, rows, {kColumn, cols}, all_dots);
      // The same sum seven times, beside others.
      const float* all_weights[kSums];
      float* all_sums[kSums];
      for (size_t s = 0; s < kSums; ++s) {
        all_weights[s] = weights.data() + (s % 2 ? 0 : first);
        all_sums[s] = sums[s].data();
      }
      cpu::add_indexed_bf16(all_weights, kSums, rows, {kColumn, cols}, all_sums);
    }
    for (size_t s = 2; s < kSums; s += 2) EXPECT_EQ(sums[s], sums[0]);
    EXPECT_EQ(std::vector(dots[2].begin(), dots[2].begin() + kCount),
              std::vector(dots[0].begin(), dots[0].begin() + kCount));
    const auto value = [&](size_t i, size_t c) {
      return double{bfloat16_to_float(halves[size(index[i]) * kStride + kColumn + c])};
    };
    for (size_t i = 0; i < kCount; ++i) {
      double dot = 0, other_dot = 0;
      for (size_t c = 0; c < cols; ++c) dot += q[c] * value(i, c);
      for (size_t c = 0; c < cols; ++c) other_dot += other[c] * value(i, c);
      ASSERT_NEAR(dots[0][i], dot, 1e-5 * static_cast<double>(cols));
      ASSERT_NEAR(dots[1][i], other_dot, 1e-5 * static_cast<double>(cols));
    }
    for (size_t c = 0; c < cols; ++c) {
      double sum = 2;
      for (size_t i = 0; i < kCount; ++i) sum += weights[i] * value(i, c);
      ASSERT_NEAR(sums[0][c], sum, 1e-5);
    }
  }
}

}  // namespace
}  // namespace npu::testing
