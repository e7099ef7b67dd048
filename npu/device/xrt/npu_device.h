// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU as a device.
#pragma once

#include <filesystem>
#include <memory>

#include "device/device.h"
#include "device/xrt/discovery.h"

namespace npu::array {

// Takes a hardware context with the overlay and drives it. `threads` of the CPU reduce logits; 0:
// one. Errors: those of open_context(); kInvalidArgument, kNoDevice (no threads to be had).
Result<std::unique_ptr<Device>> create_npu_device(FoundDevice found,
                                                  const std::filesystem::path& overlay, int threads,
                                                  const Patience& patience = {},
                                                  const CancelToken& cancel = {});

}  // namespace npu::array
