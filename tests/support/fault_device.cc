// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_device.h"

#include <chrono>

namespace npu::testing {
namespace {

// A cancel sets a flag and notifies nobody, so that a blocked call looks at it this often.
constexpr std::chrono::milliseconds kLook{1};

class FaultContext : public Context {
 public:
  FaultContext(std::unique_ptr<Context> context, std::shared_ptr<FaultState> state)
      : context_(std::move(context)), state_(std::move(state)) {}

  Result<void> write(std::string_view buffer, std::span<const float> data) override {
    NPU_TRY(state_->enter({}, {}));
    return context_->write(buffer, data);
  }
  Result<void> read(std::string_view buffer, std::span<float> data) override {
    NPU_TRY(state_->enter({}, {}));
    return context_->read(buffer, data);
  }
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override {
    NPU_TRY(state_->enter(cancel, deadline));
    return context_->run(list, replay, cancel, deadline);
  }

 private:
  std::unique_ptr<Context> context_;
  std::shared_ptr<FaultState> state_;
};

class FaultProgram : public Program {
 public:
  FaultProgram(std::unique_ptr<Program> program, std::shared_ptr<FaultState> state)
      : program_(std::move(program)), state_(std::move(state)) {}

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
    NPU_TRY(state_->enter({}, {}));
    NPU_TRY_ASSIGN(auto context, program_->create_context(limits));
    return std::unique_ptr<Context>(std::make_unique<FaultContext>(std::move(context), state_));
  }
  size_t weight_bytes() const override { return program_->weight_bytes(); }
  Precision precision() const override { return program_->precision(); }

 private:
  std::unique_ptr<Program> program_;
  std::shared_ptr<FaultState> state_;
};

}  // namespace

Result<void> FaultState::enter(const CancelToken& cancel, Deadline deadline) {
  std::unique_lock lock(mutex_);
  ++total_;
  ++calls_;
  const bool due =
      fault_.call > 0 && (calls_ == fault_.call || (fault_.lasting && calls_ > fault_.call));
  if (!due) return {};
  if (!fault_.block) return fault_.error;
  blocked_ = true;
  changed_.notify_all();
  while (!released_) {
    NPU_TRY(check_interrupt(cancel, deadline, "fault device"));
    changed_.wait_for(lock, kLook);
  }
  return {};
}

void FaultState::arm(Fault fault) {
  std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
  calls_ = 0;
  blocked_ = released_ = false;
}

int FaultState::calls() const {
  std::lock_guard lock(mutex_);
  return total_;
}

void FaultState::wait_until_blocked() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return blocked_; });
}

void FaultState::release() {
  std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

FaultDevice::FaultDevice(std::unique_ptr<Device> device, Fault fault)
    : device_(std::move(device)), state_(std::make_shared<FaultState>(std::move(fault))) {}

Fault FaultDevice::fail_on_call(int call, ErrorCode code) {
  return {call, false, {code, text("fault device: call ", call, " fails")}, false};
}

Fault FaultDevice::block_on_call(int call) {
  Fault fault;
  fault.call = call;
  fault.block = true;
  return fault;
}

Result<std::unique_ptr<Program>> FaultDevice::load(std::span<const OpList> lists,
                                                   WeightSource& source, Precision precision,
                                                   const LoadProgress& progress,
                                                   const CancelToken& cancel) {
  NPU_TRY(state_->enter(cancel, {}));
  NPU_TRY_ASSIGN(auto program, device_->load(lists, source, precision, progress, cancel));
  return std::unique_ptr<Program>(std::make_unique<FaultProgram>(std::move(program), state_));
}

}  // namespace npu::testing
