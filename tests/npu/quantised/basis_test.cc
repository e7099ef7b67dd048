// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/basis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "random_weights.h"

namespace npu::quantised {
namespace {

std::vector<float> noise(size_t size) {
  testing::Random random(7);
  std::vector<float> values(size);
  for (float& value : values) value = random.next();
  return values;
}

double product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

TEST(Basis, IsOrthogonal) {
  for (const auto kind : {Basis::Kind::kStream, Basis::Kind::kHead}) {
    const Basis basis(64, kind);
    for (size_t a = 0; a < 64; ++a)
      for (size_t b = 0; b < 64; ++b) {
        double sum = 0;
        for (size_t c = 0; c < 64; ++c) sum += double{basis.at(a, c)} * basis.at(b, c);
        ASSERT_NEAR(sum, a == b ? 1 : 0, 1e-5) << a << ' ' << b;
      }
  }
}

TEST(Basis, OfAStreamKeepsMeanAndVarianceOfARow) {
  const Basis basis(384, Basis::Kind::kStream);
  std::vector<float> row = noise(384), rotated = row;
  for (float& value : rotated) value = value + 2;
  row = rotated;
  basis.rotate(rotated);
  const std::vector<float> ones(384, 1);
  EXPECT_NEAR(product(rotated, ones), product(row, ones), 1e-2);
  EXPECT_NEAR(product(rotated, rotated), product(row, row), 1e-2);
  EXPECT_GT(std::abs(rotated[0] - row[0]) + std::abs(rotated[1] - row[1]), 1e-3);
}

TEST(Basis, SpreadsAnOutlierOverAllChannels) {
  const Basis basis(512, Basis::Kind::kStream);
  std::vector<float> row(512, 0);
  row[17] = 500;
  basis.rotate(row);
  const auto greatest = std::max_element(
      row.begin(), row.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
  EXPECT_LT(std::abs(*greatest), 100);  // 500 / sqrt(512) = 22 if spread evenly
}

TEST(Basis, ProductsOfWhatIsRotatedAreWhatTheyWere) {
  const Basis basis(64, Basis::Kind::kHead);
  std::vector<float> x = noise(128), w = noise(128);
  std::reverse(w.begin(), w.end());
  const double expected = product(x, w);
  basis.rotate(x);
  basis.rotate(w);
  EXPECT_NEAR(product(x, w), expected, 1e-4);
}

TEST(Basis, RowsOfAMatrixAreRotatedLikeItsColumns) {
  const Basis basis(64, Basis::Kind::kHead);
  constexpr size_t kColumns = 3;
  std::vector<float> matrix = noise(128 * kColumns);
  const std::vector<float> before = matrix;
  basis.rotate_rows(matrix, kColumns);
  for (size_t column = 0; column < kColumns; ++column) {
    std::vector<float> one(128);
    for (size_t row = 0; row < 128; ++row) one[row] = before[row * kColumns + column];
    basis.rotate(one);
    for (size_t row = 0; row < 128; ++row)
      ASSERT_NEAR(matrix[row * kColumns + column], one[row], 1e-5);
  }
}

}  // namespace
}  // namespace npu::quantised
