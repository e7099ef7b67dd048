// SPDX-License-Identifier: LGPL-2.1-or-later
// The buffers that operations of the array name, in a test's memory.
#pragma once

#include <map>
#include <utility>

#include "device/cpu/aligned.h"
#include "device/xrt/image/layout.h"

namespace npu::testing {

class ArrayMemory {
 public:
  // Zeroed, as a device's buffers begin.
  void make(array::Buffer buffer, uint64_t bytes, uint8_t slot = 0) {
    buffers_[{buffer, slot}] = cpu::AlignedArray<std::byte>(bytes);
  }
  std::byte* data(array::Buffer buffer, uint8_t slot = 0) { return get(buffer, slot).data(); }
  std::span<std::byte> all(array::Buffer buffer, uint8_t slot = 0) {
    auto& memory = get(buffer, slot);
    return {memory.data(), memory.size()};
  }
  // Null where a transfer would leave its buffer.
  std::byte* find(const array::BufferPlace& place, size_t bytes) {
    const auto found = buffers_.find({place.buffer, place.slot});
    if (found == buffers_.end() || place.offset % 4 != 0 ||
        place.offset + bytes > found->second.size())
      return nullptr;
    return found->second.data() + place.offset;
  }

 private:
  cpu::AlignedArray<std::byte>& get(array::Buffer buffer, uint8_t slot) {
    return buffers_.at({buffer, slot});
  }
  std::map<std::pair<array::Buffer, uint8_t>, cpu::AlignedArray<std::byte>> buffers_;
};

}  // namespace npu::testing
