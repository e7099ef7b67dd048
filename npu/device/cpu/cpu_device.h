// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU as a device.
#pragma once

#include <memory>

#include "device/device.h"

namespace npu::cpu {

// `threads` as in DeviceRequest. Errors: kInvalidArgument, kNoDevice (no threads to be had).
Result<std::unique_ptr<Device>> create_cpu_device(int threads);

}  // namespace npu::cpu
