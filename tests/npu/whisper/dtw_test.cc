// SPDX-License-Identifier: LGPL-2.1-or-later
// Warping, median filter and the alignment matrix against what the reference's functions gave.
#include "whisper/dtw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "whisper/alignment_matrix.h"
#include "word_times_reference.h"

namespace npu {
namespace {

using testing::word_times_reference;

TEST(Dtw, JumpsAreThoseOfTheReference) {
  for (const auto& test : word_times_reference()["warping"]) {
    const std::vector<float> cost = test["cost"];
    const std::vector<int> jumps = test["jumps"];
    EXPECT_EQ(dtw_jumps(cost, test["rows"], test["columns"]), jumps)
        << test["rows"] << " x " << test["columns"];
  }
}

TEST(Dtw, NothingHasNoJumps) {
  EXPECT_TRUE(dtw_jumps({}, 0, 5).empty());
  EXPECT_TRUE(dtw_jumps({}, 5, 0).empty());
}

TEST(MedianFilter, RowsAreThoseOfTheReference) {
  for (const auto& test : word_times_reference()["median"]) {
    std::vector<float> values = test["values"];
    const std::vector<float> filtered = test["filtered"];
    median_filter(values, test["rows"], test["columns"]);
    EXPECT_EQ(values, filtered) << test["rows"] << " x " << test["columns"];
  }
}

TEST(MedianFilter, FindsTheMiddleOfEveryOrder) {
  std::array<float, 7> order;
  std::iota(order.begin(), order.end(), 0.0F);
  do {
    std::array<float, 7> values = order;
    median_filter(values, 1, 7);
    ASSERT_EQ(values[3], 3.0F);
  } while (std::next_permutation(order.begin(), order.end()));
}

class AlignmentMatrixCase : public ::testing::TestWithParam<size_t> {
 protected:
  const nlohmann::json& test() const { return word_times_reference()["matrix"][GetParam()]; }
  int number(const char* name) const { return test()[name]; }
  int columns() const { return number("frames") / 2; }

  // The rows of the combined matrix that the reference keeps.
  std::vector<float> kept(std::span<const float> combined) const {
    const auto width = static_cast<ptrdiff_t>(columns());
    return {combined.begin() + number("first_row") * width, combined.end() - width};
  }
};

TEST_P(AlignmentMatrixCase, EqualsTheReference) {
  const std::vector<float> scores = test()["scores"];
  AlignmentMatrix matrix;
  matrix.reset(number("heads"), number("rows"), columns());
  matrix.add(scores, 0, number("rows"), number("positions"));
  const std::vector<float> found = kept(matrix.combine());
  const std::vector<float> expected = test()["matrix"];
  ASSERT_EQ(found.size(), expected.size());
  // Deviations of a few units; f32 with sums of at most 40 terms, and 7 printed decimals.
  for (size_t i = 0; i < found.size(); ++i) {
    const float difference = std::abs(found[i] - expected[i]);
    ASSERT_TRUE(difference <= 2e-6F) << "element " << i << " differs by " << difference;
  }
  std::vector<float> cost = found;
  for (float& x : cost) x = -x;
  const std::vector<int> jumps = test()["jumps"];
  EXPECT_EQ(dtw_jumps(cost, static_cast<int>(cost.size()) / columns(), columns()), jumps);
}

TEST_P(AlignmentMatrixCase, RowsMayComeInParts) {
  const std::vector<float> scores = test()["scores"];
  const int heads = number("heads"), rows = number("rows"), positions = number("positions");
  AlignmentMatrix whole, parts;
  whole.reset(heads, rows, columns());
  whole.add(scores, 0, rows, positions);
  parts.reset(heads, rows, columns());
  for (int first = 0; first < rows; first += 4) {
    const int count = std::min(4, rows - first);
    std::vector<float> part;
    for (int head = 0; head < heads; ++head) {
      const auto begin = scores.begin() + (head * rows + first) * positions;
      part.insert(part.end(), begin, begin + count * positions);
    }
    parts.add(part, first, count, positions);
  }
  EXPECT_TRUE(std::ranges::equal(whole.combine(), parts.combine()));
}

INSTANTIATE_TEST_SUITE_P(Reference, AlignmentMatrixCase, ::testing::Range(size_t{0}, size_t{4}));

TEST(AlignmentMatrix, AColumnWithoutDeviationCountsForNothing) {
  const std::vector<float> scores(3 * 8, 1.5F);
  AlignmentMatrix matrix;
  matrix.reset(1, 3, 8);
  matrix.add(scores, 0, 3, 8);
  for (const float x : matrix.combine()) EXPECT_EQ(x, 0.0F);
}

}  // namespace
}  // namespace npu
