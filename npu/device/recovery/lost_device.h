// SPDX-License-Identifier: LGPL-2.1-or-later
// The process's memory of an NPU that it has given up.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "result.h"

namespace npu {

// A hung NPU often comes back by a reboot only, and each further attempt can take the driver along.
// Who has given it up says so here, and nobody in the process tries again: once remembered, the
// reason stays. Thread-safe.
class LostDevice {
 public:
  // That of this process: the one piece of state that all users of the NPU share.
  static LostDevice& of_process();

  // What people are told of a device that was given up for `reason`.
  static std::string given_up(const std::string& reason);

  // The first reason is kept. `why` completes "the NPU was given up: ".
  void remember(const std::string& why);
  std::optional<std::string> reason() const;
  // Success unless it was given up. Errors: kNoDevice, with the reason and what to do.
  Result<void> check() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> reason_;  // guarded by mutex_
};

}  // namespace npu
