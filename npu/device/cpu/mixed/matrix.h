// SPDX-License-Identifier: LGPL-2.1-or-later
// Weights of a mixed program: each matrix once, in the layout that the dot products read.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "device/cpu/ahead.h"
#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot.h"
#include "device/cpu/mixed/rows.h"
#include "device/device.h"

namespace npu::cpu {

// Changes with whatever is below here in memory, so that images of another layout are not taken.
inline constexpr int kPackedLayout = 1;

// What the elements of a matrix are.
enum class Element { kInt8, kBf16 };

// What the elements of the rows are that meet it.
enum class RowElement {
  kUint8,  // for kInt8: quantised from their least to their greatest
  kInt16,  // for kInt8: as accurate as f32 for all that follows, at twice the products
  kBf16,   // for kBf16
};

// A matrix [rows][cols] of a linear, convolution or embedding, in panels of kPanelCols rows:
// [panel][group of cols][row in panel][col in group], a group 4 bytes, padded with zeros.
// int8: symmetric per row, value = scale[row] q column[col], |q| <= 127.
struct MixedMatrix {
  // `values` row-major. With `equalised`, int8 columns are brought to the same greatest value
  // first, so that small ones are not lost beside large ones; then rows must be multiplied by
  // `column` before they are prepared, and have 16 bits, which do not lose theirs.
  MixedMatrix(std::span<const float> values, size_t row_count, size_t col_count, Element kind,
              bool equalised);

  // The same shape, all zeros, for values that have been packed before.
  MixedMatrix(size_t row_count, size_t col_count, Element kind, bool equalised);

  size_t panels() const { return (rows + kPanelCols - 1) / kPanelCols; }
  size_t groups() const { return element == Element::kInt8 ? (cols + 3) / 4 : (cols + 1) / 2; }
  size_t panel_bytes() const { return groups() * kPanelCols * 4; }
  size_t bytes() const {
    return int8.bytes() + bf16.bytes() + scale.bytes() + sum.bytes() + column.bytes();
  }
  // The first bytes, `most` or what there are, of panels panel.., which need not exist.
  Ahead ahead(size_t panel, size_t most) const;
  // The values of a row: out[cols].
  void read_row(size_t row, float* out) const;
  bool equalised() const { return column.size() > 0; }

  size_t rows, cols;
  Element element;
  AlignedArray<int8_t> int8;  // the one or the other
  AlignedArray<uint16_t> bf16;
  FloatArray scale;           // int8: [panels * kPanelCols]
  AlignedArray<int32_t> sum;  // int8: of each row's q, [panels * kPanelCols]
  FloatArray column;          // int8, equalised: [cols]; else empty
};

// Rows made ready for products with a MixedMatrix.
struct PreparedRows {
  RowElement element = RowElement::kBf16;
  uint8_t* data = nullptr;    // of kInt16: high bytes, then low bytes half a stride on
  size_t stride = 0;          // bytes from row to row; a multiple of 2
  RowScale* scale = nullptr;  // [rows], but for kBf16

  PreparedRows from(size_t row) const {
    return {element, data + row * stride, stride, scale + row};
  }
};

// Bytes of a prepared row of `cols` elements, whatever they are.
inline constexpr size_t prepared_stride(size_t cols) {
  return row_stride(cols) * sizeof(uint16_t);
}

// Prepares row `row` from x[0..cols), which holds whole panels.
void prepare_row(const float* x, size_t cols, const PreparedRows& to, size_t row);

// 32-bit numbers that the products of so many rows need, whatever the rows are.
inline constexpr size_t sums_size(size_t rows) {
  return 2 * rows * kPanelCols;
}

// One panel of rows * matrix^T and what follows. `sums` holds sums_size(rows) numbers.
// finish.bias, residual and out begin at the panel's first column.
void multiply_prepared(const DotVariant& dot, const MixedMatrix& matrix, size_t panel,
                       const PreparedRows& rows, void* sums, const PanelFinish& finish);

// The weights of a program. Filled while it is compiled, then immutable and thread-safe.
class MixedWeights {
 public:
  // Both read and pack the tensor at its first use, and return the same object later; it lives as
  // long as this one. A convolution's [out][in][3] becomes the matrix [out][3 in], tap by tap. The
  // same tensor must be asked for in the same way.
  Result<const MixedMatrix*> matrix(const WeightRef& ref, Element element, WeightSource& source,
                                    bool equalised = false);
  // A vector or table as it is, padded with zeros to whole panels.
  Result<const FloatArray*> plain(const WeightRef& ref, WeightSource& source);

  size_t bytes() const { return bytes_; }

  // For images of packed weights: all that there is, and what was packed before.
  using Matrices = std::map<std::string, std::unique_ptr<MixedMatrix>>;
  using Plains = std::map<std::string, std::unique_ptr<FloatArray>>;
  const Matrices& matrices() const { return matrices_; }
  const Plains& plains() const { return plains_; }
  void adopt(Matrices matrices, Plains plains);

 private:
  Matrices matrices_;
  Plains plains_;
  size_t bytes_ = 0;
};

}  // namespace npu::cpu
