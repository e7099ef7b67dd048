// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory.h"

#include <algorithm>
#include <cstring>

namespace xrt_double {
namespace {
constexpr int kPoison = 0xA5;
}

Memory::Memory(size_t bytes, uint64_t address, uint32_t flags, uint32_t group)
    : size_(bytes),
      address_(address),
      flags_(flags),
      group_(group),
      host_(bytes / sizeof(Page) + 1),
      device_(bytes / sizeof(Page) + 1),
      known_(bytes / 4 + 1) {
  std::memset(device_.data(), kPoison, device_.size() * sizeof(Page));
}

void Memory::to_device(size_t offset, size_t bytes) {
  if (bytes == 0) return;
  std::memcpy(device().data() + offset, host() + offset, bytes);
  known_.mark(offset / 4, (offset + bytes - 1) / 4 - offset / 4 + 1);
}

void Memory::to_host(size_t offset, size_t bytes) {
  if (bytes > 0) std::memcpy(host() + offset, device().data() + offset, bytes);
}

void Memory::end_use(size_t offset, size_t bytes) {
  in_use_.erase(std::ranges::find(in_use_, Range{offset, bytes}));
}

bool Memory::in_use(size_t offset, size_t bytes) const {
  return std::ranges::any_of(in_use_, [&](const Range& range) {
    return offset < range.offset + range.bytes && range.offset < offset + bytes;
  });
}

DeviceBuffer MemoryRange::device() const {
  if (!memory) return {};
  return {memory->device().subspan(offset, bytes), memory->address() + offset, &memory->known(),
          offset / 4};
}

}  // namespace xrt_double
