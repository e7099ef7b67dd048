// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU as a device.
#pragma once

#include <memory>

#include "device/device.h"

namespace npu::cpu {

class OpObserver;

// `threads` as in DeviceRequest. Errors: kInvalidArgument, kNoDevice (no threads to be had).
Result<std::unique_ptr<Device>> create_cpu_device(int threads);

// The same, whose programs in f32 and in the NPU's arithmetic show `observer`, which is borrowed,
// what they compute.
Result<std::unique_ptr<Device>> create_observed_cpu_device(int threads, OpObserver& observer);

}  // namespace npu::cpu
