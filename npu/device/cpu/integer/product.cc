// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/integer/product.h"

#include <algorithm>

#include "gelu/gelu.h"
#include "layout/tile.h"
#include "numerics/make_tables.h"
#include "numerics/requantise.h"

namespace npu::cpu::integer {
namespace {

size_t place(size_t row, size_t col, size_t groups) {
  return (row / kPanelCols * groups + col / 4) * kPanelCols * 4 + row % kPanelCols * 4 + col % 4;
}

const kernels::LinearTable& gelu_table() {
  static const kernels::LinearTable table = kernels::make_gelu_table(kernels::kGeluStep);
  return table;
}

// Puts one result into a row.
struct Output {
  const View& out;
  const View* residual;
  unsigned residual_shift;

  void put(size_t row, size_t col, int16_t value) const {
    switch (out.kind) {
      case Kind::kUnsigned:
        put_int8(out.row(row), col, saturated(value));
        break;
      case Kind::kSigned:
        out.row(row)[col] = static_cast<uint8_t>(saturated(value));
        break;
      case Kind::kFine:
        put_fine(out.row(row), out.stride, col, value);
        break;
      case Kind::kResidual:
        out.residual(row)[col] = kernels::add_saturated(
            kernels::round_shift<int16_t>(residual->residual(row)[col], residual_shift), value);
        break;
    }
  }
  static int8_t saturated(int16_t value) {
    return kernels::saturate_to<int8_t>(value, kernels::SaturationMode::kSaturate);
  }
};

}  // namespace

PanelMatrix::PanelMatrix(const quantised::Matrix& matrix)
    : matrix_(matrix),
      weights_(panels() * groups() * kPanelCols * 4),
      start_(panels() * kPanelCols) {
  // What the offset of each plane adds, times the weight that the plane has in the sum.
  const int planes = matrix.input == quantised::Input::kFine ? 1 + (1 << kernels::kFineBits) : 1;
  for (size_t row = 0; row < rows(); ++row) {
    int32_t sum = 0;
    for (size_t col = 0; col < cols(); ++col) {
      const int8_t weight = matrix.weights[row * cols() + col];
      weights_.data()[place(row, col, groups())] = weight;
      sum += weight;
    }
    start_.data()[row] = matrix.bias[row] - sum * kOffset * planes;
  }
}

void PanelMatrix::multiply(const DotVariant& dot, size_t panel, const View& in, int32_t* sums,
                           int32_t* scratch) const {
  const int8_t* weights = weights_.data() + panel * groups() * kPanelCols * 4;
  const int32_t* start = start_.data() + panel * kPanelCols;
  const bool fine = matrix_.input == quantised::Input::kFine;
  // A fine row is two rows of half a stride.
  dot.int8({in.data, fine ? in.stride / 2 : in.stride, fine ? 2 * in.rows : in.rows, weights,
            groups(), scratch, kPanelCols});
  for (size_t r = 0; r < in.rows; ++r) {
    const int32_t* from = scratch + (fine ? 2 * r : r) * kPanelCols;
    int32_t* to = sums + r * kPanelCols;
    // Modulo 2^32: with the offsets parts of a sum may leave 32 bits, the whole of it does not.
    const auto part = [](int32_t value) { return static_cast<uint32_t>(value); };
    for (size_t c = 0; c < kPanelCols; ++c)
      to[c] = static_cast<int32_t>(fine ? part(from[c]) * (1 << kernels::kFineBits) +
                                              part(from[kPanelCols + c]) + part(start[c])
                                        : part(from[c]) + part(start[c]));
  }
}

void finish_product(const PanelMatrix& matrix, size_t panel, const int32_t* sums, const View& out,
                    const View* residual) {
  const quantised::Matrix& parameters = matrix.parameters();
  const size_t first = panel * kPanelCols, count = std::min(kPanelCols, matrix.rows() - first);
  const size_t tile = first / kernels::kTile;
  const unsigned shift = parameters.out.shift[tile];
  const int16_t* mult = parameters.out.mult.data() + first;
  const Output output{out, residual, parameters.residual_shift};
  if (parameters.gelu) {
    const kernels::LinearTable& table = gelu_table();
    const unsigned out_shift = parameters.gelu_out.shift[tile];
    const int16_t* out_mult = parameters.gelu_out.mult.data() + first;
    for (size_t r = 0; r < out.rows; ++r)
      for (size_t c = 0; c < count; ++c) {
        const auto x =
            kernels::round_shift<int32_t>(int64_t{sums[r * kPanelCols + c]} * mult[c], shift);
        const auto saturated = kernels::saturate_to<int16_t>(x, kernels::SaturationMode::kSaturate);
        const int32_t y = kernels::evaluate(table, saturated) + (std::max(x, 32767) - 32767);
        output.put(r, first + c,
                   kernels::round_shift<int16_t>(int64_t{y} * out_mult[c], out_shift));
      }
    return;
  }
  for (size_t r = 0; r < out.rows; ++r)
    for (size_t c = 0; c < count; ++c)
      output.put(r, first + c, kernels::requantise_i16(sums[r * kPanelCols + c], mult[c], shift));
}

}  // namespace npu::cpu::integer
