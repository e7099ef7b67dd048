// SPDX-License-Identifier: LGPL-2.1-or-later
// A device that hands everything to another one, and fails or blocks at a chosen call.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "device/device.h"

namespace npu::testing {

// What happens at which call. Calls of load(), create_context(), write(), read() and run() are
// counted together, from 1, over the life of the device.
struct Fault {
  int call = 0;        // 0: never
  bool block = false;  // wait for the cancel, the deadline or release() instead of failing
  Error error = {ErrorCode::kDeviceLost, "fault device: lost"};
  bool lasting = false;  // also at every later call
};

// The fault and the count, shared by a device, its programs and contexts. Thread-safe.
class FaultState {
 public:
  explicit FaultState(Fault fault) : fault_(std::move(fault)) {}

  // Counts a call. Its fault's error, if it has one; blocks if that is the fault.
  Result<void> enter(const CancelToken& cancel, Deadline deadline);
  // Replaces the fault; `call` counts from now on.
  void arm(Fault fault);
  int calls() const;
  // Returns once a call is blocked inside the device.
  void wait_until_blocked();
  // Lets a blocked call, and all later ones, go on.
  void release();

 private:
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  Fault fault_;
  int calls_ = 0;  // since the fault was armed
  int total_ = 0;
  bool blocked_ = false;
  bool released_ = false;
};

class FaultDevice : public Device {
 public:
  FaultDevice(std::unique_ptr<Device> device, Fault fault = {});

  static Fault fail_on_call(int call, ErrorCode code = ErrorCode::kDeviceLost);
  static Fault block_on_call(int call);

  // Outlives the device, so that a test may keep it while a Model owns the device.
  std::shared_ptr<FaultState> state() const { return state_; }

  std::string_view name() const override { return device_->name(); }
  std::string description() const override { return device_->description(); }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override;

 private:
  std::unique_ptr<Device> device_;
  std::shared_ptr<FaultState> state_;
};

}  // namespace npu::testing
