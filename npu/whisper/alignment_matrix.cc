// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/alignment_matrix.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace npu {
namespace {

static_assert(kMedianWidth == 7, "median_of_7 sorts seven values");
constexpr size_t kReach = kMedianWidth / 2;

// Sorts seven values as far as their middle needs it: a pruned 16-comparator network. No branches,
// so that the compiler can do many columns at once.
float median_of_7(const float* v) {
  std::array<float, kMedianWidth> s = {v[0], v[1], v[2], v[3], v[4], v[5], v[6]};
  const auto order = [&s](size_t low, size_t high) {
    const float smaller = std::min(s[low], s[high]);
    s[high] = std::max(s[low], s[high]);
    s[low] = smaller;
  };
  order(0, 6), order(2, 3), order(4, 5);
  order(0, 2), order(1, 4), order(3, 6);
  order(0, 1), order(2, 5), order(3, 4);
  order(1, 2), order(4, 6);
  order(2, 3), order(4, 5);
  order(1, 2), order(3, 4), order(5, 6);
  return s[3];
}

void softmax(std::span<float> row) {
  const float largest = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (float& x : row) {
    x = std::exp(x - largest);
    sum += static_cast<double>(x);
  }
  const float scale = static_cast<float>(1.0 / sum);
  for (float& x : row) x *= scale;
}

}  // namespace

void median_filter(std::span<float> values, int rows, int columns) {
  const size_t width = static_cast<size_t>(columns);
  assert(values.size() == width * static_cast<size_t>(rows));
  if (width <= kReach) return;
  std::vector<float> padded(width + 2 * kReach);
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    const std::span<float> line = values.subspan(row * width, width);
    std::copy(line.begin(), line.end(), padded.begin() + kReach);
    for (size_t step = 1; step <= kReach; ++step) {
      padded[kReach - step] = line[step];
      padded[kReach + width - 1 + step] = line[width - 1 - step];
    }
    for (size_t column = 0; column < width; ++column) line[column] = median_of_7(&padded[column]);
  }
}

void AlignmentMatrix::reset(int heads, int rows, int columns) {
  assert(heads > 0 && rows > 0 && columns > 0);
  heads_ = heads;
  rows_ = rows;
  columns_ = columns;
  const size_t plane = static_cast<size_t>(rows) * static_cast<size_t>(columns);
  scores_.resize(static_cast<size_t>(heads) * plane);
  combined_.resize(plane);
  mean_.resize(static_cast<size_t>(columns));
  deviation_.resize(static_cast<size_t>(columns));
}

std::span<float> AlignmentMatrix::row(int head, int index) {
  const size_t width = static_cast<size_t>(columns_);
  const size_t line = static_cast<size_t>(head) * static_cast<size_t>(rows_);
  return std::span(scores_).subspan((line + static_cast<size_t>(index)) * width, width);
}

void AlignmentMatrix::add(std::span<const float> scores, int first_row, int count, int positions) {
  assert(positions >= columns_ && first_row >= 0 && first_row + count <= rows_);
  const size_t stride = static_cast<size_t>(positions);
  assert(scores.size() >= static_cast<size_t>(heads_) * static_cast<size_t>(count) * stride);
  const float* from = scores.data();
  for (int head = 0; head < heads_; ++head)
    for (int index = 0; index < count; ++index, from += stride)
      std::copy_n(from, columns_, row(head, first_row + index).begin());
}

// Mean and deviation are formed in f64 and applied in f32, as the reference's library does.
void AlignmentMatrix::normalise_columns(int head) {
  const size_t width = static_cast<size_t>(columns_);
  std::fill(mean_.begin(), mean_.end(), 0.0);
  std::fill(deviation_.begin(), deviation_.end(), 0.0);
  for (int index = 0; index < rows_; ++index) {
    const auto line = row(head, index);
    for (size_t column = 0; column < width; ++column)
      mean_[column] += static_cast<double>(line[column]);
  }
  for (double& mean : mean_) mean /= rows_;
  for (int index = 0; index < rows_; ++index) {
    const auto line = row(head, index);
    for (size_t column = 0; column < width; ++column) {
      const double delta = static_cast<double>(line[column]) - mean_[column];
      deviation_[column] += delta * delta;
    }
  }
  for (double& deviation : deviation_) deviation = std::sqrt(deviation / rows_);
  for (int index = 0; index < rows_; ++index) {
    const auto line = row(head, index);
    for (size_t column = 0; column < width; ++column) {
      const float deviation = static_cast<float>(deviation_[column]);
      const float delta = line[column] - static_cast<float>(mean_[column]);
      line[column] = deviation > 0 ? delta / deviation : 0;
    }
  }
}

std::span<const float> AlignmentMatrix::combine() {
  std::fill(combined_.begin(), combined_.end(), 0.0F);
  for (int head = 0; head < heads_; ++head) {
    for (int index = 0; index < rows_; ++index) softmax(row(head, index));
    normalise_columns(head);
    const std::span<float> plane =
        std::span(scores_).subspan(static_cast<size_t>(head) * combined_.size(), combined_.size());
    median_filter(plane, rows_, columns_);
    for (size_t i = 0; i < plane.size(); ++i) combined_[i] += plane[i];
  }
  for (float& x : combined_) x /= static_cast<float>(heads_);
  return combined_;
}

}  // namespace npu
