// SPDX-License-Identifier: LGPL-2.1-or-later
// One thread at a time does something that others wait for.
#pragma once

#include <condition_variable>
#include <mutex>

namespace npu {

// Whatever way the work is left, a flag ends with it that says that somebody is at work, and those
// who wait are told. The mutex, which guards the flag, must not be held then.
class Turn {
 public:
  Turn(std::mutex& mutex, std::condition_variable& changed, bool& taken)
      : mutex_(mutex), changed_(changed), taken_(taken) {}
  ~Turn() {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::mutex& mutex_;
  std::condition_variable& changed_;
  bool& taken_;
};

}  // namespace npu
