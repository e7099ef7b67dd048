// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/lost_device.h"

namespace npu::array {

LostDevice& LostDevice::of_process() {
  static LostDevice device;
  return device;
}

void LostDevice::remember(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!reason_) reason_ = why;
}

std::optional<std::string> LostDevice::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

}  // namespace npu::array
