// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/open.h"

#include "device/cpu/cpu_device.h"
#include "device/recovery/recovering_device.h"
#include "device/xrt/module_loader.h"
#include "device/xrt/system_check.h"
#include "log.h"

namespace npu {
namespace {

using Opened = Result<std::unique_ptr<Device>>;
using Open = Opened (*)(const DeviceRequest& request, const CancelToken& cancel);

struct DeviceEntry {
  std::string_view name;
  Open open;
};

Opened open_cpu(const DeviceRequest& request, const CancelToken&) {
  if (request.index != 0)
    return Error{ErrorCode::kInvalidArgument,
                 text("device cpu: expected index 0, found ", request.index)};
  return cpu::create_cpu_device(request.threads);
}

Opened find_npu(const DeviceRequest& request, const CancelToken& cancel) {
  if (request.index < 0)
    return Error{ErrorCode::kInvalidArgument,
                 text("device npu: expected an index from 0 on, found ", request.index)};
  NPU_TRY(LostDevice::of_process().check());
  auto device = array::open_with_module(array::module_path(), request, cancel);
  if (device || device.error().code != ErrorCode::kNoDevice) return device;
  // XRT answers "no such device" to most of what the system can name.
  NPU_TRY(array::check_system(array::SystemView::of_process()));
  return device;
}

// With what follows it if it is lost.
std::unique_ptr<Device> recovering(std::unique_ptr<Device> npu, const DeviceRequest& request,
                                   OpenDevice instead) {
  Replacements replacements;
  replacements.again = [request](const CancelToken& cancel) { return find_npu(request, cancel); };
  replacements.instead = std::move(instead);
  return std::make_unique<RecoveringDevice>(std::move(npu), std::move(replacements),
                                            LostDevice::of_process());
}

Opened open_npu(const DeviceRequest& request, const CancelToken& cancel) {
  auto device = find_npu(request, cancel);
  if (device) return recovering(*std::move(device), request, nullptr);
  if (device.error().code != ErrorCode::kNoDevice) return device;
  return Error{
      ErrorCode::kNoDevice,
      text(device.error().message, ". Choose device cpu (or auto) to get captions from the CPU")};
}

Opened open_auto(const DeviceRequest& request, const CancelToken& cancel) {
  DeviceRequest cpu = request;
  cpu.name = "cpu";
  cpu.index = 0;
  auto npu = find_npu(request, cancel);
  if (npu) {
    log(LogLevel::kInfo, text("device auto: chose ", (*npu)->description()));
    return recovering(*std::move(npu), request,
                      [cpu](const CancelToken& token) { return open_cpu(cpu, token); });
  }
  if (npu.error().code == ErrorCode::kCancelled) return npu;
  auto device = open_cpu(cpu, cancel);
  if (device)
    log(LogLevel::kInfo,
        text("device auto: chose ", (*device)->description(), ", since: ", npu.error().message));
  return device;
}

constexpr DeviceEntry kDevices[] = {{"auto", open_auto}, {"cpu", open_cpu}, {"npu", open_npu}};

}  // namespace

Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request,
                                            const CancelToken& cancel) {
  std::string known;
  for (const DeviceEntry& entry : kDevices) {
    if (entry.name == request.name) return entry.open(request, cancel);
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               text("device: expected one of ", known, ", found '", request.name, "'")};
}

}  // namespace npu
