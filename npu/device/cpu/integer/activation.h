// SPDX-License-Identifier: LGPL-2.1-or-later
// Activations of the integer path: rows of bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numerics/fine.h"
#include "quantised/network.h"

namespace npu::cpu::integer {

// What the elements of a row are.
enum class Kind : uint8_t {
  kUnsigned,  // int8 plus 128, as the dot products take their left side
  kFine,      // two such planes: high, then low half a stride on
  kSigned,    // int8: keys and values
  kResidual,  // int16
};

inline Kind kind_of(quantised::Input input) {
  return input == quantised::Input::kFine ? Kind::kFine : Kind::kUnsigned;
}

// What is added to an int8 to make it unsigned.
inline constexpr int kOffset = 128;

// A matrix in someone else's memory.
struct View {
  uint8_t* data = nullptr;
  size_t stride = 0;  // bytes from row to row, a multiple of 64
  size_t rows = 0;
  size_t cols = 0;
  Kind kind = Kind::kUnsigned;

  uint8_t* row(size_t index) const { return data + index * stride; }
  int16_t* residual(size_t index) const { return reinterpret_cast<int16_t*>(row(index)); }
  // An element as the integer that it is.
  int integer(size_t r, size_t c) const {
    switch (kind) {
      case Kind::kUnsigned:
        return row(r)[c] - kOffset;
      case Kind::kFine:
        return (row(r)[c] - kOffset) * (1 << kernels::kFineBits) + row(r)[stride / 2 + c] - kOffset;
      case Kind::kSigned:
        return static_cast<int8_t>(row(r)[c]);
      case Kind::kResidual:
        return residual(r)[c];
    }
    return 0;
  }
  View from(size_t first, size_t count) const { return {row(first), stride, count, cols, kind}; }
};

// Bytes from row to row.
inline size_t stride_of(Kind kind, size_t cols) {
  const size_t padded = (cols + 63) / 64 * 64;
  return padded * (kind == Kind::kFine || kind == Kind::kResidual ? 2 : 1);
}

// Puts element `col` of a row that is not residual.
inline void put_fine(uint8_t* row, size_t stride, size_t col, int16_t value) {
  const kernels::FinePlanes fine = kernels::split_fine(value);
  row[col] = static_cast<uint8_t>(fine.high + kOffset);
  row[stride / 2 + col] = static_cast<uint8_t>(fine.low + kOffset);
}

inline void put_int8(uint8_t* row, size_t col, int8_t value) {
  row[col] = static_cast<uint8_t>(value + kOffset);
}

}  // namespace npu::cpu::integer
