// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>

namespace npu {

// Adds the time of a scope to `total_s`, in seconds.
class ScopeTimer {
 public:
  explicit ScopeTimer(double& total_s) : total_s_(total_s) {}
  ~ScopeTimer() {
    total_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  ScopeTimer(const ScopeTimer&) = delete;
  ScopeTimer& operator=(const ScopeTimer&) = delete;

 private:
  double& total_s_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace npu
