// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of devices, by the names that users know.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "device/device.h"

namespace npu {

struct DeviceRequest {
  std::string name = "auto";  // auto, cpu, npu
  int index = 0;              // which of several devices of that kind
  int threads = 0;            // CPU threads; 0: as many as the process may use
};

// Opens a device. An explicit name never falls back; "auto" takes the best there is and logs why.
// An NPU that is lost later is opened once more; if that does not help, "auto" goes on on the CPU
// (recovery/recovering_device.h). "auto" also does where the NPU cannot run what is loaded.
// Errors: kNoDevice (not there, given up in this process, or not usable: the message says why and
// what to do), kInvalidArgument (unknown name, index or thread count out of range), kCancelled.
Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request,
                                            const CancelToken& cancel = {});

}  // namespace npu
