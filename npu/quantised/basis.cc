// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/basis.h"

#include <cmath>
#include <numbers>

#include "quantised/random_bits.h"

namespace npu::quantised {
namespace {

using Vectors = std::vector<std::vector<double>>;

// Normally distributed (Box, Muller).
double normal(uint64_t index) {
  const auto uniform = [](uint64_t bits) {
    return (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
  };
  return std::sqrt(-2 * std::log(uniform(random_bits(2 * index)))) *
         std::cos(2 * std::numbers::pi * uniform(random_bits(2 * index + 1)));
}

// Orthonormal vectors, random but for the first `kept.size()`: modified Gram-Schmidt, twice, for
// the sake of accuracy.
Vectors random_vectors(size_t width, const Vectors& kept) {
  Vectors vectors = kept;
  uint64_t index = width << 32;
  while (vectors.size() < width) {
    std::vector<double> next(width);
    for (double& x : next) x = normal(index++);
    for (int pass = 0; pass < 2; ++pass)
      for (const auto& other : vectors) {
        double along = 0;
        for (size_t i = 0; i < width; ++i) along += next[i] * other[i];
        for (size_t i = 0; i < width; ++i) next[i] -= along * other[i];
      }
    double length = 0;
    for (const double x : next) length += x * x;
    for (double& x : next) x /= std::sqrt(length);
    vectors.push_back(std::move(next));
  }
  return vectors;
}

// The discrete cosine transform's, whose first vector is constant.
Vectors cosines(size_t width) {
  const double size = static_cast<double>(width);
  Vectors vectors(width, std::vector<double>(width));
  for (size_t k = 0; k < width; ++k)
    for (size_t i = 0; i < width; ++i)
      vectors[k][i] = std::sqrt((k == 0 ? 1 : 2) / size) *
                      std::cos(std::numbers::pi * (static_cast<double>(i) + 0.5) *
                               static_cast<double>(k) / size);
  return vectors;
}

}  // namespace

Basis::Basis(size_t width, Kind kind) : width_(width), transposed_(width * width) {
  const Vectors to = cosines(width);
  const Vectors from =
      random_vectors(width, kind == Kind::kStream ? Vectors{to.front()} : Vectors{});
  // Vector k of the one becomes vector k of the other.
  std::vector<double> column(width);
  for (size_t c = 0; c < width; ++c) {
    column.assign(width, 0);
    for (size_t k = 0; k < width; ++k)
      for (size_t r = 0; r < width; ++r) column[r] += to[k][r] * from[k][c];
    for (size_t r = 0; r < width; ++r) transposed_[c * width + r] = static_cast<float>(column[r]);
  }
}

void Basis::rotate(std::span<float> x) const {
  std::vector<float> out(width_);
  for (size_t first = 0; first < x.size(); first += width_) {
    out.assign(width_, 0);
    for (size_t c = 0; c < width_; ++c) {
      const float value = x[first + c];
      const float* column = transposed_.data() + c * width_;
      for (size_t r = 0; r < width_; ++r) out[r] += value * column[r];
    }
    std::copy(out.begin(), out.end(), x.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void Basis::rotate_rows(std::span<float> matrix, size_t columns) const {
  std::vector<float> out(width_ * columns);
  const size_t run = width_ * columns;
  for (size_t first = 0; first < matrix.size(); first += run) {
    out.assign(run, 0);
    for (size_t r = 0; r < width_; ++r)
      for (size_t c = 0; c < width_; ++c) {
        const float factor = at(r, c);
        const float* from = matrix.data() + first + c * columns;
        float* to = out.data() + r * columns;
        for (size_t i = 0; i < columns; ++i) to[i] += factor * from[i];
      }
    std::copy(out.begin(), out.end(), matrix.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

}  // namespace npu::quantised
