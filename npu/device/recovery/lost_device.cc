// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/recovery/lost_device.h"

namespace npu {

LostDevice& LostDevice::of_process() {
  static LostDevice device;
  return device;
}

std::string LostDevice::given_up(const std::string& reason) {
  return text("device npu: the NPU was given up: ", reason,
              "; it is not tried again in this process. Start the program again; if that does not "
              "help, restart the machine");
}

void LostDevice::remember(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!reason_) reason_ = why;
}

std::optional<std::string> LostDevice::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

Result<void> LostDevice::check() const {
  const auto why = reason();
  if (!why) return {};
  return Error{ErrorCode::kNoDevice, given_up(*why)};
}

}  // namespace npu
