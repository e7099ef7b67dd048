// SPDX-License-Identifier: LGPL-2.1-or-later
// A matrix in tiles of 64 x 64; what lies outside its rows and columns is NaN.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace npu::testing {

class TiledMatrix {
 public:
  TiledMatrix() = default;
  // All NaN.
  TiledMatrix(size_t rows, size_t cols)
      : rows_(rows),
        cols_(cols),
        tile_cols_((cols + kTile - 1) / kTile),
        data_((rows + kTile - 1) / kTile * tile_cols_ * kTile * kTile,
              std::numeric_limits<float>::quiet_NaN()) {}

  size_t rows() const { return rows_; }
  size_t cols() const { return cols_; }

  std::vector<float> row(size_t index) const {
    std::vector<float> out(cols_);
    for (size_t c = 0; c < cols_; c += kTile)
      std::copy_n(data_.data() + at(index, c), std::min(kTile, cols_ - c), out.data() + c);
    return out;
  }
  void set_row(size_t index, std::span<const float> values) {
    for (size_t c = 0; c < cols_; c += kTile)
      std::copy_n(values.data() + c, std::min(kTile, cols_ - c), data_.data() + at(index, c));
  }

 private:
  static constexpr size_t kTile = 64;

  size_t at(size_t row, size_t col) const {
    return ((row / kTile * tile_cols_ + col / kTile) * kTile + row % kTile) * kTile + col % kTile;
  }

  size_t rows_ = 0, cols_ = 0, tile_cols_ = 0;
  std::vector<float> data_;
};

}  // namespace npu::testing
