// SPDX-License-Identifier: LGPL-2.1-or-later
// The process's memory of an NPU that it has given up.
#pragma once

#include <mutex>
#include <optional>
#include <string>

namespace npu::array {

// A hung NPU often comes back by a reboot only, and each further attempt can take the driver along.
// Who has lost it says so here, and nobody in the process tries again: once remembered, the reason
// stays. Thread-safe.
class LostDevice {
 public:
  // That of this process: the one piece of state that all users of the NPU share. All code that
  // uses the NPU is in one module, so there is one.
  static LostDevice& of_process();

  // The first reason is kept. `why` completes "the NPU was given up: ".
  void remember(const std::string& why);
  std::optional<std::string> reason() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> reason_;  // guarded by mutex_
};

}  // namespace npu::array
