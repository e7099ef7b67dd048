// SPDX-License-Identifier: LGPL-2.1-or-later
// xrt::bo.
#include <stdexcept>
#include <string>

#include "xrt_objects.h"

using xrt_double::Call;
using xrt_double::Machine;

namespace xrt {

bo::bo(const device& device, size_t bytes, flags kind, memory_group group) {
  Machine& machine = Machine::get();
  machine.enter(Call::kBuffer);
  if (!device) machine.refuse("bo: no device");
  if (bytes == 0) throw std::runtime_error("Invalid buffer size '0'");
  auto memory = machine.allocate(bytes, static_cast<uint32_t>(kind), group);
  handle = std::make_shared<bo_impl>(xrt_double::MemoryRange{std::move(memory), 0, bytes, false});
}

bo::bo(const bo& parent, size_t bytes, size_t offset) {
  Machine& machine = Machine::get();
  machine.enter(Call::kSubBuffer);
  const auto& whole = parent.handle->range;
  if (whole.part)
    machine.refuse("bo: a sub-buffer of a sub-buffer: XRT computes its address wrongly");
  if (offset % 4 != 0)
    machine.refuse("bo: a sub-buffer must begin at a multiple of 4 bytes, not at " +
                   std::to_string(offset));
  if (offset > whole.bytes || bytes > whole.bytes - offset)
    throw std::runtime_error("sub buffer size and offset");
  handle = std::make_shared<bo_impl>(xrt_double::MemoryRange{whole.memory, offset, bytes, true});
}

bo::~bo() = default;

size_t bo::size() const {
  return handle->range.bytes;
}

uint64_t bo::address() const {
  return handle->range.memory->address() + handle->range.offset;
}

void* bo::map() {
  Machine::get().enter(Call::kMap);
  return handle->range.memory->host() + handle->range.offset;
}

void bo::sync(xclBOSyncDirection direction, size_t bytes, size_t offset) {
  Machine& machine = Machine::get();
  if (!machine.enter(Call::kSync)) return;
  const auto& range = handle->range;
  if (offset > range.bytes || bytes > range.bytes - offset)
    throw std::runtime_error("Invalid offset and size when syncing sub buffer");
  const size_t begin = range.offset + offset;
  std::unique_lock lock(machine.mutex);
  if (range.memory->in_use(begin, bytes)) {
    lock.unlock();
    machine.refuse("sync of bytes that a command under way uses");
  }
  if (direction == XCL_BO_SYNC_BO_TO_DEVICE)
    range.memory->to_device(begin, bytes);
  else
    range.memory->to_host(begin, bytes);
}

}  // namespace xrt
