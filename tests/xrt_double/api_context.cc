// SPDX-License-Identifier: LGPL-2.1-or-later
// xrt::hw_context, xrt::kernel.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "xrt_objects.h"

using xrt_double::Call;
using xrt_double::Machine;

namespace xrt {
namespace {

constexpr const char* kKeys[] = {
    "gops", "fps", "dma_bandwidth", "latency", "frame_execution_time", "priority"};

std::shared_ptr<hw_context_impl> open(const device& device, const uuid& id) {
  Machine& machine = Machine::get();
  machine.enter(Call::kContext);
  if (!device) machine.refuse("hw_context: no device");
  std::unique_lock lock(machine.mutex);
  const auto& xclbins = device.get_handle()->xclbins;
  const auto found = xclbins.find(id.to_string());
  if (found == xclbins.end()) {
    lock.unlock();
    machine.refuse("hw_context: xclbin " + id.to_string() + " was not registered");
  }
  const xrt_double::XclbinFile file = found->second;
  lock.unlock();
  return std::make_shared<hw_context_impl>(std::make_shared<xrt_double::Context>(file));
}

}  // namespace

hw_context::hw_context(const device& device, const uuid& id, const cfg_param_type& parameters) {
  for (const auto& [key, value] : parameters)
    if (std::ranges::find(kKeys, key) == std::end(kKeys))
      Machine::get().refuse("hw_context: XRT does not know the parameter '" + key + "'");
  handle = open(device, id);
}

hw_context::hw_context(const device& device, const uuid& id, access_mode) {
  handle = open(device, id);
}

hw_context::~hw_context() = default;

kernel::kernel(const hw_context& context, const std::string& name) {
  Machine& machine = Machine::get();
  machine.enter(Call::kKernel);
  if (!context) machine.refuse("kernel: no context");
  const auto& known = context.get_handle()->context;
  for (const auto& info : known->xclbin().kernels)
    if (info.name == name) handle = std::make_shared<kernel_impl>(known, info);
  if (!handle) throw std::runtime_error("No such kernel '" + name + "'");
}

kernel::~kernel() = default;

int kernel::group_id(int index) const {
  Machine& machine = Machine::get();
  machine.enter(Call::kGroupId);
  const auto& arguments = handle->info.arguments;
  const auto argument = static_cast<size_t>(index);
  if (argument >= arguments.size())
    throw std::out_of_range("kernel " + handle->info.name + " has no argument " +
                            std::to_string(index));
  if (!arguments[argument].buffer)
    machine.refuse("group_id: argument " + std::to_string(index) + " is no buffer");
  return handle->group_id(argument);
}

}  // namespace xrt
