// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of the CPU device: cache-line aligned arrays, and views of matrices with padded rows.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace npu::cpu {

// Columns of a packed panel: what one call of the matrix kernel computes.
inline constexpr size_t kPanelCols = 32;

inline constexpr size_t round_up(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

inline constexpr size_t kCacheLine = 64;              // bytes
inline constexpr size_t kHugePage = size_t{2} << 20;  // bytes

// Floats from one row of a matrix to the next: whole panels, so that kernels may write full ones,
// and one cache line more, so that rows do not fall into the same cache sets.
inline constexpr size_t row_stride(size_t cols) {
  return round_up(cols, kPanelCols) + 16;
}

// Owns `size` elements, 64-byte aligned, zeroed. Kernels may read a panel beyond the end.
template <typename T>
class AlignedArray {
 public:
  AlignedArray() = default;
  // Throws std::bad_alloc.
  explicit AlignedArray(size_t size) : size_(size) {
    const size_t bytes = size * sizeof(T) + kPanelCols * 2 * sizeof(float);
    void* data = nullptr;
    if (posix_memalign(&data, bytes < kHugePage ? 64 : kHugePage, bytes) != 0)
      throw std::bad_alloc();
    data_.reset(static_cast<T*>(data));
    // Weights are read through from end to end, which costs a TLB miss per page. The tail stays in
    // small pages, so that nothing is wasted.
    if (bytes >= kHugePage) madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    std::memset(data, 0, bytes);
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
  size_t size_ = 0;
};

using FloatArray = AlignedArray<float>;

// A matrix in someone else's memory; `stride` floats from row to row.
struct Matrix {
  float* data = nullptr;
  size_t stride = 0;
  size_t rows = 0;
  size_t cols = 0;

  float* row(size_t index) const { return data + index * stride; }
};

}  // namespace npu::cpu
