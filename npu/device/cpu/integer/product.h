// SPDX-License-Identifier: LGPL-2.1-or-later
// Matrix products of the integer path and their epilogues: the arithmetic of kernels/matmul,
// kernels/gelu and kernels/residual on whole rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/cpu/aligned.h"
#include "device/cpu/integer/activation.h"
#include "device/cpu/mixed/dot.h"
#include "quantised/network.h"

namespace npu::cpu::integer {

// A matrix in panels of kPanelCols outputs: [panel][group of 4 inputs][output][4], padded with
// zeros. Immutable and thread-safe.
class PanelMatrix {
 public:
  // Borrows `matrix`, but for its weights.
  explicit PanelMatrix(const quantised::Matrix& matrix);

  size_t rows() const { return matrix_.rows; }
  size_t cols() const { return matrix_.cols; }
  size_t panels() const { return (rows() + kPanelCols - 1) / kPanelCols; }
  size_t groups() const { return (cols() + 3) / 4; }
  size_t bytes() const { return weights_.bytes() + start_.bytes(); }
  const quantised::Matrix& parameters() const { return matrix_; }

  // sums[r][kPanelCols]: bias and products of the rows of `in` with one panel. `scratch` holds
  // twice the rows of sums.
  void multiply(const DotVariant& dot, size_t panel, const View& in, int32_t* sums,
                int32_t* scratch) const;

 private:
  const quantised::Matrix& matrix_;
  AlignedArray<int8_t> weights_;
  AlignedArray<int32_t> start_;  // bias, less what kOffset adds to the products
};

// Rows whose products a caller holds at a time.
inline constexpr size_t kProductRows = 56;

// out = epilogue(sums) for the columns of a panel. What it is follows from the matrix (GELU or not)
// and from the kind of `out`; into a residual stream it adds to what is in `residual`.
void finish_product(const PanelMatrix& matrix, size_t panel, const int32_t* sums, const View& out,
                    const View* residual);

}  // namespace npu::cpu::integer
