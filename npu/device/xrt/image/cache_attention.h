// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations of attention over caches, with descriptors that belong to a run's shape.
#pragma once

#include "device/xrt/image/lowering.h"

namespace npu::array {

// Bytes that the scores of all heads of an alignment step take.
uint64_t alignment_size(const ArrayStep& step, size_t keys);

// Descriptors one behind the other in the host's buffer.
struct DescriptorRun {
  uint64_t offset = 0;
  std::vector<std::byte> bytes;

  BufferPlace end() const { return {Buffer::kHost, 0, offset + bytes.size()}; }
  void put(const kernels::Descriptor& descriptor);
};

// Those with limits of rows, which change from run to run, apart from the others.
struct RunDescriptors {
  DescriptorRun limited, fixed;
};

// Bytes of the limited ones of a step that attends to so many slots.
uint64_t limited_bytes(const ArrayStep& step, bool is_self, size_t slots);

class CacheAttention {
 public:
  // `keys` are those of a cache's layer, of slot 0. Operations and limits are appended to `to`,
  // descriptors to `descriptors`. Borrows all.
  CacheAttention(const ArrayStep& step, const Tiles& queries, const Tiles& keys,
                 RunDescriptors& descriptors, LoweredList& to)
      : step_(step), queries_(queries), keys_(keys), descriptors_(descriptors), to_(to) {}

  void attend_self(size_t blocks, size_t slots, const BufferPlace& parts, const Tiles& out);
  void attend_cross(std::span<const size_t> stored, const BufferPlace& parts, const Tiles& out);
  void align(size_t slot, size_t keys, const BufferPlace& scores);

 private:
  struct Slot {
    size_t index;
    KeyBlocks keys;
    uint32_t flags;
  };

  Operation& start(kernels::Op op, const char* what, const RowForm& form,
                   const DescriptorRun& descriptors);
  void put_heads(const RowForm& form, const Slot& slot, DescriptorRun& to, Operation& of);
  void attend(const Slot& slot, const Tiles& to);
  void combine(size_t slots, const BufferPlace& parts, const Tiles& out);
  Tiles parts_of(size_t slots, const BufferPlace& place) const;
  uint32_t heads() const { return tiles_of(step_); }

  const ArrayStep& step_;
  Tiles queries_, keys_;
  RunDescriptors& descriptors_;
  LoweredList& to_;
};

}  // namespace npu::array
