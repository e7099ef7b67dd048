// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of the CPU device: cache-line aligned arrays, and views of matrices with padded rows.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
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
inline constexpr size_t kMappingUnit = 64 << 10;      // bytes: whole pages on every system
inline constexpr size_t kMappedFrom = 256 << 10;      // bytes

// Floats from one row of a matrix to the next: whole panels, so that kernels may write full ones,
// and one cache line more, so that rows do not fall into the same cache sets.
inline constexpr size_t row_stride(size_t cols) {
  return round_up(cols, kPanelCols) + 16;
}

// Owns `size` elements, 64-byte aligned, zeroed. Kernels may read a panel beyond the end.
//
// Weights are read through from end to end, which costs a TLB miss per page, so large arrays lie in
// huge pages but for their tail, where nothing is to be wasted. All but small ones come from the
// system, whose pages are zero and are not there before they are touched: a cache takes the memory
// that is used.
template <typename T>
class AlignedArray {
 public:
  AlignedArray() = default;
  // Throws std::bad_alloc.
  explicit AlignedArray(size_t size) : data_(nullptr, Free{0}), size_(size) {
    const size_t bytes = size * sizeof(T) + kPanelCols * 2 * sizeof(float);
    void* data = bytes < kMappedFrom ? small(bytes) : mapped(bytes);
    if (!data) throw std::bad_alloc();
    data_ = {static_cast<T*>(data), Free{bytes < kMappedFrom ? 0 : bytes}};
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  struct Free {
    size_t mapped = 0;  // bytes; 0: from the heap
    void operator()(T* data) const {
      if (mapped > 0)
        munmap(data, mapped);
      else
        std::free(data);
    }
  };
  static void* small(size_t bytes) {
    void* data = nullptr;
    if (posix_memalign(&data, kCacheLine, bytes) != 0) return nullptr;
    return std::memset(data, 0, bytes);
  }
  static void* mapped(size_t bytes) {
    const auto map = [](size_t wanted) {
      return static_cast<char*>(
          mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    };
    const size_t pages = round_up(bytes, kMappingUnit);
    const size_t spare = bytes < kHugePage ? 0 : kHugePage;
    char* all = map(pages + spare);
    if (all == MAP_FAILED) return nullptr;
    if (spare == 0) return all;
    const auto address = reinterpret_cast<uintptr_t>(all);
    const size_t before = round_up(address, kHugePage) - address;
    if (before > 0) munmap(all, before);
    if (before < spare) munmap(all + before + pages, spare - before);
    madvise(all + before, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    return all + before;
  }

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
