// SPDX-License-Identifier: LGPL-2.1-or-later
// A core's DMA and locks around a program of the overlay: a wait of the program runs the model, and
// a wait that nothing can end throws. Included before the program, since it has what the compiler
// of cores has.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "layout/tile.h"

// What the compiler of cores has.
inline void acquire_greater_equal(unsigned id, unsigned value);
inline void release(unsigned id, unsigned value);

#include "overlay/device_fifo.h"

namespace dma_model {

using kernels::CoreMemory;
using Object = std::vector<int8_t>;

struct Starved : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// As the compiler might number them.
enum Lock : unsigned { kAFree = 3, kAFull = 1, kBFree = 0, kBFull = 2, kCFree = 5, kCFull = 4 };

class Dma {
 public:
  Dma() { running() = this; }
  ~Dma() { running() = nullptr; }
  Dma(const Dma&) = delete;
  Dma& operator=(const Dma&) = delete;

  // Of the running test.
  static Dma*& running() {
    static Dma* dma = nullptr;
    return dma;
  }

  void take(unsigned lock, unsigned value) {
    while (locks[lock] < static_cast<int>(value)) {
      if (!step()) throw Starved("lock " + std::to_string(lock));
    }
    locks[lock] -= static_cast<int>(value);
  }
  void give(unsigned lock, unsigned value) { locks[lock] += static_cast<int>(value); }

  // Free buffers begin at the depth.
  int locks[16] = {2, 0, 0, 2, 0, 1};
  std::deque<Object> a, b;
  std::vector<Object> c;
  // In the test's memory, or in that of a core.
  int8_t* a_buffers[2] = {memory_, memory_ + kernels::kObjectBytes};
  int8_t* b_buffers[2] = {a_buffers[1] + kernels::kObjectBytes,
                          a_buffers[1] + 2 * kernels::kObjectBytes};
  int8_t* c_buffer = b_buffers[1] + kernels::kObjectBytes;

 private:
  bool step() {
    return fill(a, a_buffers, &a_at_, kAFree, kAFull) + fill(b, b_buffers, &b_at_, kBFree, kBFull) +
               drain() >
           0;
  }

  int fill(std::deque<Object>& from, int8_t* const (&buffers)[2], int* at, Lock free, Lock full) {
    if (from.empty() || locks[free] == 0) return 0;
    std::memcpy(buffers[(*at)++ % 2], from.front().data(), kernels::kObjectBytes);
    from.pop_front();
    locks[free]--;
    locks[full]++;
    return 1;
  }

  int drain() {
    if (locks[kCFull] == 0) return 0;
    c.emplace_back(c_buffer, c_buffer + CoreMemory::kOutput);
    locks[kCFull]--;
    locks[kCFree]++;
    return 1;
  }

  int a_at_ = 0, b_at_ = 0;
  alignas(32) int8_t memory_[4 * kernels::kObjectBytes + CoreMemory::kOutput] = {};
};

// A core's memory at the address where a core sees it.
class CoreData {
 public:
  CoreData()
      : data_(mmap(reinterpret_cast<void*>(uintptr_t{kernels::kOwnMemory}), CoreMemory::kData,
                   PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                   0)) {}
  ~CoreData() {
    if (data_ != MAP_FAILED) munmap(data_, CoreMemory::kData);
  }
  bool there() const { return data_ == reinterpret_cast<void*>(uintptr_t{kernels::kOwnMemory}); }

 private:
  void* data_;
};

}  // namespace dma_model

// A core's own locks begin at 48.
inline void acquire_greater_equal(unsigned id, unsigned value) {
  dma_model::Dma::running()->take(id - 48, value);
}
inline void release(unsigned id, unsigned value) {
  dma_model::Dma::running()->give(id - 48, value);
}
