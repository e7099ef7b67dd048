// SPDX-License-Identifier: LGPL-2.1-or-later
// The module that drives the NPU with XRT: what module_loader.cc calls.
#include "device/xrt/discovery.h"
#include "device/xrt/module_config.h"
#include "device/xrt/module_interface.h"

namespace npu::array {
namespace {

Result<std::unique_ptr<Device>> open(const DeviceRequest& request) {
  NPU_TRY_ASSIGN(const FoundDevice found, find_device(request.index, LostDevice::of_process()));
  return Error{ErrorCode::kNoDevice,
               text("device npu: found ", found.name,
                    ", but this version of npuwhisper cannot run Whisper on it yet")};
}

}  // namespace
}  // namespace npu::array

#define NPUWHISPER_MODULE_API extern "C" __attribute__((visibility("default")))

NPUWHISPER_MODULE_API const char* npuwhisper_xrt_version() {
  return NPUWHISPER_VERSION;
}

NPUWHISPER_MODULE_API void npuwhisper_xrt_open(const npu::DeviceRequest& request, npu::LogSink sink,
                                               npu::Result<std::unique_ptr<npu::Device>>& device) {
  npu::set_log_sink(sink);
  try {
    device = npu::array::open(request);
  } catch (const std::exception& error) {
    device = npu::Error{npu::ErrorCode::kInternal, npu::text("device npu: ", error.what())};
  }
}
