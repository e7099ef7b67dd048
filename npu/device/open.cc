// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/open.h"

#include "device/cpu/cpu_device.h"
#include "device/xrt/module_loader.h"
#include "device/xrt/system_check.h"
#include "log.h"

namespace npu {
namespace {

using Open = Result<std::unique_ptr<Device>> (*)(const DeviceRequest& request);

struct DeviceEntry {
  std::string_view name;
  Open open;
};

Result<std::unique_ptr<Device>> open_cpu(const DeviceRequest& request) {
  if (request.index != 0)
    return Error{ErrorCode::kInvalidArgument,
                 text("device cpu: expected index 0, found ", request.index)};
  return cpu::create_cpu_device(request.threads);
}

Result<std::unique_ptr<Device>> find_npu(const DeviceRequest& request) {
  if (request.index < 0)
    return Error{ErrorCode::kInvalidArgument,
                 text("device npu: expected an index from 0 on, found ", request.index)};
  auto device = array::open_with_module(array::module_path(), request);
  if (device || device.error().code != ErrorCode::kNoDevice) return device;
  // XRT answers "no such device" to most of what the system can name.
  NPU_TRY(array::check_system(array::SystemView::of_process()));
  return device;
}

Result<std::unique_ptr<Device>> open_npu(const DeviceRequest& request) {
  auto device = find_npu(request);
  if (device || device.error().code != ErrorCode::kNoDevice) return device;
  return Error{
      ErrorCode::kNoDevice,
      text(device.error().message, ". Choose device cpu (or auto) to get captions from the CPU")};
}

Result<std::unique_ptr<Device>> open_auto(const DeviceRequest& request) {
  auto npu = find_npu(request);
  if (npu) {
    log(LogLevel::kInfo, text("device auto: chose ", (*npu)->description()));
    return npu;
  }
  DeviceRequest cpu = request;
  cpu.name = "cpu";
  cpu.index = 0;
  auto device = open_cpu(cpu);
  if (device)
    log(LogLevel::kInfo,
        text("device auto: chose ", (*device)->description(), ", since: ", npu.error().message));
  return device;
}

constexpr DeviceEntry kDevices[] = {{"auto", open_auto}, {"cpu", open_cpu}, {"npu", open_npu}};

}  // namespace

Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request) {
  std::string known;
  for (const DeviceEntry& entry : kDevices) {
    if (entry.name == request.name) return entry.open(request);
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               text("device: expected one of ", known, ", found '", request.name, "'")};
}

}  // namespace npu
