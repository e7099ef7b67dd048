// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the engine and its module for the NPU. The module alone needs XRT's library, so that the
// plugin loads where XRT is not installed. Both come from one build: the version says so.
#pragma once

#include <memory>

#include "cancel.h"
#include "device/device.h"
#include "device/open.h"
#include "device/self_test.h"
#include "log.h"
#include "result.h"

namespace npu::array {

// The version of the build that the module is of.
using ModuleVersion = const char* (*)();
inline constexpr const char* kModuleVersion = "npuwhisper_xrt_version";

// Opens the NPU; `sink` (may be null) gets the module's log. Lets no exception out.
using ModuleOpen = void (*)(const DeviceRequest& request, const CancelToken& cancel, LogSink sink,
                            Result<std::unique_ptr<Device>>& device);
inline constexpr const char* kModuleOpen = "npuwhisper_xrt_open";

// Opens the NPU and tests it with `subject`. Else as ModuleOpen.
using ModuleSelfTest = void (*)(const DeviceRequest& request, const SelfTestSubject& subject,
                                LogSink sink, Result<NpuReport>& report);
inline constexpr const char* kModuleSelfTest = "npuwhisper_xrt_self_test";

}  // namespace npu::array
