// SPDX-License-Identifier: LGPL-2.1-or-later
// xrt::system, xrt::device, xrt::version, xrt::xclbin.
#include <map>
#include <stdexcept>

#include "machine.h"
#include "xclbin_file.h"
#include "xrt_headers.h"
#include "xrt_objects.h"

using xrt_double::Call;
using xrt_double::Machine;

namespace xrt {

unsigned int system::enumerate_devices() {
  Machine& machine = Machine::get();
  machine.enter(Call::kEnumerate);
  const std::lock_guard lock(machine.mutex);
  return machine.lost() ? 0 : machine.scene().devices;
}

device::device(unsigned int index) {
  Machine& machine = Machine::get();
  machine.enter(Call::kDevice);
  const std::lock_guard lock(machine.mutex);
  if (index >= machine.scene().devices)
    throw std::runtime_error(" No such device with index '" + std::to_string(index) + "'");
  handle = std::make_shared<xrt_core::device>();
}

device::~device() = default;

uuid device::register_xclbin(const xclbin& file) {
  Machine::get().enter(Call::kRegister);
  if (!file) throw std::runtime_error("No xclbin specified");
  const uuid id = file.get_uuid();
  const std::lock_guard lock(Machine::get().mutex);
  handle->xclbins[id.to_string()] = file.get_handle()->file;
  return id;
}

std::any device::get_info_std(info::device parameter, const detail::abi&) const {
  Machine& machine = Machine::get();
  machine.enter(Call::kInfo);
  const std::lock_guard lock(machine.mutex);
  switch (parameter) {
    case info::device::name:
      return machine.scene().name;
    case info::device::bdf:
      return std::string("0000:c4:00.1");
    default:
      throw std::runtime_error("xrt double: it knows the name and the bdf of a device only");
  }
}

// What the double plays.
unsigned int version::major() {
  return 2;
}
unsigned int version::minor() {
  return 25;
}
unsigned int version::patch() {
  return 0;
}

xclbin::xclbin(const std::string& path) {
  Machine& machine = Machine::get();
  machine.enter(Call::kXclbin);
  size_t most;
  {
    const std::lock_guard lock(machine.mutex);
    most = machine.scene().xclbin_bytes;
  }
  handle = std::make_shared<xclbin_impl>(xrt_double::read_xclbin(path, most));
}

uuid xclbin::get_uuid() const {
  return uuid(handle->file.uuid.data());
}

std::vector<xclbin::kernel> xclbin::get_kernels() const {
  std::vector<kernel> kernels;
  for (const auto& info : handle->file.kernels)
    kernels.emplace_back(std::make_shared<kernel_impl>(info));
  return kernels;
}

std::string xclbin::kernel::get_name() const {
  return handle->info.name;
}

size_t xclbin::kernel::get_num_args() const {
  return handle->info.arguments.size();
}

}  // namespace xrt
