// SPDX-License-Identifier: LGPL-2.1-or-later
// A small random model on devices that are lost when a test says so.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "device/open.h"
#include "device/recovery/recovering_device.h"
#include "fault_device.h"
#include "longform_bench.h"
#include "random_weights.h"

namespace npu::testing {

// Random weights, which can be read again.
class RandomModelFile : public NumberedWordsFile {
 public:
  RandomModelFile() : NumberedWordsFile(51865) {}
  Result<void> read(const WeightRef& ref, std::span<float> out) override {
    return RandomWeights().read(ref, out);
  }
  Reopener reopener() const override {
    return [] { return Result<std::unique_ptr<WeightSource>>(std::make_unique<RandomWeights>()); };
  }
};

// A program of the CPU that was loaded once, for all of the devices that follow each other.
class LoadedProgram : public Program {
 public:
  explicit LoadedProgram(std::shared_ptr<Program> program) : program_(std::move(program)) {}
  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
    return program_->create_context(limits);
  }
  size_t weight_bytes() const override { return program_->weight_bytes(); }
  Precision precision() const override { return program_->precision(); }

 private:
  std::shared_ptr<Program> program_;
};

class LoadedDevice : public Device {
 public:
  explicit LoadedDevice(const char* name) : name_(name) {}
  std::string_view name() const override { return name_; }
  std::string description() const override { return name_; }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision, const LoadProgress&,
                                        const CancelToken& cancel) override {
    static std::unique_ptr<Device> cpu = open_device({"cpu", 0, 1}).value();
    static const std::shared_ptr<Program> program =
        cpu->load(lists, source, Precision::kF32, {}, {}).value();
    NPU_TRY(check_interrupt(cancel, {}, "loading"));
    return std::unique_ptr<Program>(std::make_unique<LoadedProgram>(program));
  }

 private:
  const char* name_;
};

// Lost, and lost for good, at its `call`-th call; 0: never.
inline Fault lost_at(int call) {
  Fault fault;
  fault.call = call;
  fault.lasting = true;
  return fault;
}

// A recovering device whose first, second, ... device has the first, second, ... of `faults`, and
// all that follow have none.
class Losses {
 public:
  explicit Losses(std::vector<Fault> faults, bool has_instead = true)
      : faults_(std::move(faults)), has_instead_(has_instead) {}

  std::unique_ptr<Device> device() {
    Replacements replacements;
    replacements.again = [this](const CancelToken& cancel) -> Result<std::unique_ptr<Device>> {
      ++tries;
      NPU_TRY(check_interrupt(cancel, {}, "opening again"));
      if (refused) return Error{ErrorCode::kNoDevice, "device npu: there is none"};
      return next();
    };
    if (has_instead_)
      replacements.instead = [](const CancelToken&) {
        return Result<std::unique_ptr<Device>>(std::make_unique<LoadedDevice>("cpu"));
      };
    return std::make_unique<RecoveringDevice>(next(), std::move(replacements), memory);
  }
  Result<std::shared_ptr<const Model>> model(const CancelToken& cancel = {}) {
    return Model::create(std::make_unique<RandomModelFile>(), device(), Precision::kAuto, {},
                         cancel);
  }
  // Of the devices so far; the last is that of now.
  std::vector<std::shared_ptr<FaultState>> states;

  int tries = 0;                                                    // to open the device again
  bool refused = false;                                             // it cannot be
  std::function<void(const std::shared_ptr<FaultState>&)> on_open;  // of another device
  LostDevice memory;

 private:
  std::unique_ptr<Device> next() {
    const size_t number = states.size();
    auto device = std::make_unique<FaultDevice>(
        std::make_unique<LoadedDevice>("npu"), number < faults_.size() ? faults_[number] : Fault());
    states.push_back(device->state());
    if (on_open) on_open(states.back());
    return device;
  }
  const std::vector<Fault> faults_;
  const bool has_instead_;
};

}  // namespace npu::testing
