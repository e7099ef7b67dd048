// SPDX-License-Identifier: LGPL-2.1-or-later
// Cancellation and deadlines: every wait of the engine takes both.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "result.h"

namespace npu {

// Seen by the one who waits. Copies share one flag. A default token never fires. Thread-safe.
class CancelToken {
 public:
  CancelToken() = default;
  bool cancelled() const { return flag_ && flag_->load(std::memory_order_relaxed); }

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<const std::atomic<bool>> flag) : flag_(std::move(flag)) {}
  std::shared_ptr<const std::atomic<bool>> flag_;
};

// Held by the one who may cancel. cancel() may be called from any thread, more than once; it cannot
// be taken back: make a new source for the next piece of work.
class CancelSource {
 public:
  CancelToken token() const { return CancelToken(flag_); }
  void cancel() { flag_->store(true, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

// The moment at which a wait gives up. A default Deadline never passes.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  Deadline() = default;
  static Deadline in(Clock::duration time) { return Deadline(Clock::now() + time); }
  bool passed() const { return at_ != Clock::time_point::max() && Clock::now() >= at_; }
  Clock::time_point at() const { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_ = Clock::time_point::max();
};

// kCancelled or kTimeout if `cancel` fired or `deadline` passed, else success. `doing` names the
// work.
inline Result<void> check_interrupt(const CancelToken& cancel, const Deadline& deadline,
                                    const char* doing) {
  if (cancel.cancelled()) return Error{ErrorCode::kCancelled, text(doing, ": cancelled")};
  if (deadline.passed()) return Error{ErrorCode::kTimeout, text(doing, ": the deadline passed")};
  return {};
}

}  // namespace npu
