// SPDX-License-Identifier: LGPL-2.1-or-later
// The ends of the overlay's fifos in a core, and where the core finds them. For the compiler of
// cores: acquire_greater_equal() and release() are its own.
#pragma once

#include <cstdint>

namespace kernels {

// What is a core's own, as the core sees it: the first byte of its memory, the first of its locks.
inline constexpr uint32_t kOwnMemory = 0x70000;
inline constexpr unsigned kOwnLocks = 48;

// Calls, not inlined: Peano sinks a release behind the loop whose body it ends, and the stream
// would stand still after the first object.
[[gnu::noinline]] inline void take_lock(unsigned lock) {
  acquire_greater_equal(kOwnLocks + lock, 1);
}
[[gnu::noinline]] inline void give_lock(unsigned lock) {
  release(kOwnLocks + lock, 1);
}

// Buffers that the DMA fills (Byte const) or sends in turn. `take` counts those that are ready for
// the core, `give` those that are ready for the DMA.
template <typename Byte, unsigned kDepth>
class DeviceFifo {
 public:
  DeviceFifo(Byte* const (&buffers)[kDepth], unsigned take, unsigned give)
      : take_(take), give_(give) {
    for (unsigned i = 0; i < kDepth; i++) buffers_[i] = buffers[i];
  }

  // The host sends operations for ever.
  static constexpr bool more() { return true; }

  // Waits for the oldest buffer, as long as it takes; nothing wakes it but the DMA. Held until
  // release(), one at a time.
  Byte* acquire() {
    take_lock(take_);
    return buffers_[at_];
  }
  void release() {
    give_lock(give_);
    at_ = at_ + 1 == kDepth ? 0 : at_ + 1;
  }

 private:
  Byte* buffers_[kDepth];
  unsigned take_;
  unsigned give_;
  unsigned at_ = 0;
};

using DeviceInput = DeviceFifo<const int8_t, 2>;
using DeviceOutput = DeviceFifo<int8_t, 1>;

}  // namespace kernels

// The program of a core, called once; an object file of a core has one. `row` is that of the core
// in its column. Addresses of the fifos' buffers and numbers of their locks are those of the design
// with addresses (places.py): `full` and `free` as its DMA sees them. scratch, parameters, table
// have the sizes in CoreMemory.
extern "C" void npu_core_main(int32_t row, int32_t a0, int32_t a1, int32_t a_full, int32_t a_free,
                              int32_t b0, int32_t b1, int32_t b_full, int32_t b_free, int32_t c0,
                              int32_t c_full, int32_t c_free, int8_t* scratch, int8_t* parameters,
                              int8_t* table);

namespace kernels {

inline int8_t* own_memory(int32_t address) {
  return reinterpret_cast<int8_t*>(static_cast<uintptr_t>(kOwnMemory + address));
}

inline DeviceInput device_input(int32_t first, int32_t second, int32_t full, int32_t empty) {
  return DeviceInput({own_memory(first), own_memory(second)}, full, empty);
}

inline DeviceOutput device_output(int32_t buffer, int32_t full, int32_t empty) {
  return DeviceOutput({own_memory(buffer)}, empty, full);
}

}  // namespace kernels
