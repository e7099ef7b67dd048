// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens the NPU through the module that drives it with XRT.
#pragma once

#include <filesystem>
#include <memory>

#include "cancel.h"
#include "device/device.h"
#include "device/open.h"
#include "device/self_test.h"
#include "result.h"

namespace npu::array {

// Where the module is: $NPUWHISPER_XRT_MODULE, else where it is installed. Empty: this build has
// none.
std::filesystem::path module_path();

// Loads the module, for good, and opens the NPU with it. Thread-safe.
// Errors: kNoDevice: `module` is empty, not there or of another version, XRT's library is missing
// or too old, or the module finds no device; each says what to do. kCancelled, within 10 ms of it
// while a hardware context is waited for.
Result<std::unique_ptr<Device>> open_with_module(const std::filesystem::path& module,
                                                 const DeviceRequest& request,
                                                 const CancelToken& cancel = {});

// The same, to test the NPU. Errors: those too, and those of self_test_npu().
Result<NpuReport> self_test_with_module(const std::filesystem::path& module,
                                        const DeviceRequest& request,
                                        const SelfTestSubject& subject);

}  // namespace npu::array
