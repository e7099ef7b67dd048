// SPDX-License-Identifier: LGPL-2.1-or-later
// What the system itself says about an NPU, before XRT is asked: XRT answers "no such device" to
// most of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "result.h"

namespace npu::array {

// The driver locks so much memory for the device's heap, or fails with EAGAIN.
inline constexpr uint64_t kLockedBytesNeeded = 64 << 20;

// Where the system tells. Tests look at folders of their own.
struct SystemView {
  std::filesystem::path nodes = "/dev/accel";
  std::filesystem::path accelerators = "/sys/class/accel";
  std::filesystem::path pci_devices = "/sys/bus/pci/devices";
  std::filesystem::path modules = "/sys/module";
  // Whether this process may read and write a device node.
  std::function<bool(const std::filesystem::path&)> may_open;
  // What this process may lock; UINT64_MAX: any amount.
  uint64_t lockable_bytes = UINT64_MAX;

  // The machine, as this process may use it.
  static SystemView of_process();
};

// Success if the machine has an NPU of the first generation (XDNA1) with a driver and a node that
// this process may use, and the process may lock what the driver locks. Thread-safe.
// Errors: kNoDevice: no NPU, one of another generation, no driver, no node, no permission, too low
// a limit; each says what to do.
Result<void> check_system(const SystemView& view);

// What the system tells of the first NPU of the first generation that a driver has; "" for what it
// does not.
struct SystemFacts {
  std::string pci;       // "0000:c4:00.1, 1022:1502, revision 0x00"
  std::string node;      // "/dev/accel/accel0"
  std::string firmware;  // as the driver gives it
  std::string driver;    // its version, if it is not the kernel's own
  std::string kernel;    // "Linux 6.14.0-23-generic"
};
SystemFacts system_facts(const SystemView& view);

}  // namespace npu::array
