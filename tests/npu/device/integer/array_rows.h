// SPDX-License-Identifier: LGPL-2.1-or-later
// Matrices of integers as tests compare them, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/cpu/aligned.h"
#include "device/cpu/integer/activation.h"

namespace npu::testing {

using cpu::integer::Kind;

// Row-major. What is fine has its high plane in `values` and its low one in `low`.
struct Rows {
  Rows() = default;
  Rows(Kind what, size_t row_count, size_t col_count)
      : kind(what), rows(row_count), cols(col_count), values(rows * cols) {
    if (kind == Kind::kFine) low.resize(rows * cols);
  }

  int integer(size_t index) const {
    return kind == Kind::kFine ? values[index] * (1 << kernels::kFineBits) + low[index]
                               : values[index];
  }
  void put(size_t index, int value) {
    if (kind != Kind::kFine) {
      values[index] = static_cast<int16_t>(value);
      return;
    }
    const kernels::FinePlanes planes = kernels::split_fine(value);
    values[index] = planes.high;
    low[index] = planes.low;
  }
  size_t bytes() const {
    return values.size() * (kind == Kind::kFine || kind == Kind::kResidual ? 2 : 1);
  }

  Kind kind = Kind::kUnsigned;
  size_t rows = 0, cols = 0;
  std::vector<int16_t> values;
  std::vector<int8_t> low;
};

// Of matrices of one shape. All of them differ if the shapes do.
inline size_t differing_bytes(const Rows& a, const Rows& b) {
  if (a.kind != b.kind || a.rows != b.rows || a.cols != b.cols) return a.bytes() + b.bytes();
  size_t count = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const auto bits = static_cast<unsigned>(a.values[i] ^ b.values[i]) & 0xffff;
    count += (bits & 0xff) != 0;
    if (a.kind == Kind::kResidual) count += (bits & 0xff00) != 0;
    if (a.kind == Kind::kFine) count += a.low[i] != b.low[i];
  }
  return count;
}

// A matrix of the fast path, with its memory.
class Stored {
 public:
  Stored(Kind kind, size_t rows, size_t cols)
      : data_(rows * cpu::integer::stride_of(kind, cols)),
        view_{data_.data(), cpu::integer::stride_of(kind, cols), rows, cols, kind} {}
  explicit Stored(const Rows& from) : Stored(from.kind, from.rows, from.cols) {
    for (size_t i = 0; i < from.values.size(); ++i) {
      uint8_t* row = view_.row(i / from.cols);
      const size_t col = i % from.cols;
      if (from.kind == Kind::kResidual)
        view_.residual(i / from.cols)[col] = from.values[i];
      else if (from.kind == Kind::kSigned)
        row[col] = static_cast<uint8_t>(from.values[i]);
      else
        cpu::integer::put_int8(row, col, static_cast<int8_t>(from.values[i]));
      if (from.kind == Kind::kFine)
        cpu::integer::put_int8(row + view_.stride / 2, col, from.low[i]);
    }
  }
  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;

  const cpu::integer::View& view() const { return view_; }
  Rows rows() const {
    Rows out(view_.kind, view_.rows, view_.cols);
    for (size_t i = 0; i < out.values.size(); ++i) {
      const uint8_t* row = view_.row(i / out.cols);
      const size_t col = i % out.cols;
      if (out.kind == Kind::kFine) {
        out.values[i] = static_cast<int16_t>(row[col] - cpu::integer::kOffset);
        out.low[i] = static_cast<int8_t>(row[view_.stride / 2 + col] - cpu::integer::kOffset);
      } else {
        out.values[i] = static_cast<int16_t>(view_.integer(i / out.cols, col));
      }
    }
    return out;
  }

 private:
  cpu::AlignedArray<uint8_t> data_;
  cpu::integer::View view_;
};

}  // namespace npu::testing
