// SPDX-License-Identifier: LGPL-2.1-or-later
// A buffer twice: the copy that the host maps, and the one that the device reads and writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "executor.h"

namespace xrt_double {

// Guarded by the machine's mutex, except for the device copy and `known` of what a command uses.
class Memory {
 public:
  Memory(size_t bytes, uint64_t address, uint32_t flags, uint32_t group);

  size_t size() const { return size_; }
  uint64_t address() const { return address_; }
  uint32_t flags() const { return flags_; }
  uint32_t group() const { return group_; }
  std::byte* host() { return host_[0].bytes; }
  std::span<std::byte> device() { return {device_[0].bytes, size_}; }
  KnownWords& known() { return known_; }

  // Copies a range between the two. Bytes of the device that no sync reached stay 0xA5. A word is
  // known when a sync has touched it.
  void to_device(size_t offset, size_t bytes);
  void to_host(size_t offset, size_t bytes);

  // Ranges that commands under way use.
  void begin_use(size_t offset, size_t bytes) { in_use_.push_back({offset, bytes}); }
  void end_use(size_t offset, size_t bytes);
  bool in_use(size_t offset, size_t bytes) const;

 private:
  struct alignas(4096) Page {
    std::byte bytes[4096];
  };
  struct Range {
    size_t offset, bytes;
    bool operator==(const Range&) const = default;
  };
  size_t size_;
  uint64_t address_;
  uint32_t flags_, group_;
  std::vector<Page> host_, device_;
  KnownWords known_;
  std::vector<Range> in_use_;
};

// A buffer, or a part of one.
struct MemoryRange {
  std::shared_ptr<Memory> memory;
  size_t offset = 0;
  size_t bytes = 0;
  bool part = false;  // made as a sub-buffer

  DeviceBuffer device() const;
};

}  // namespace xrt_double
