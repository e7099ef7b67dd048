// SPDX-License-Identifier: LGPL-2.1-or-later
// A program on whichever device of a succession works now.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "cancel.h"
#include "device/device.h"
#include "device/recovery/device_succession.h"
#include "result.h"

namespace npu {

// Loads the same lists with the same weights again where a device was replaced. Thread-safe.
class ProgramSuccession {
 public:
  struct Loaded {
    uint64_t number = 0;  // of the device
    std::shared_ptr<Device> device;
    std::unique_ptr<Program> program;  // after device: goes first
  };

  // `source` is kept only as what its reopener() gives.
  ProgramSuccession(std::shared_ptr<DeviceSuccession> devices, std::span<const OpList> lists,
                    const WeightSource& source, Precision precision);

  // Loads for the first time. Errors: those of Device::load(), of what takes the device's place if
  // that was lost, or cannot run the program, and something does.
  Result<void> load(WeightSource& source, const LoadProgress& progress, const CancelToken& cancel);

  // The program to work with. Loads it if the device was lost, or waits for who does. Users should
  // have let go of the lost one. Errors: those of DeviceSuccession::living() and Device::load();
  // kInternal: the weights cannot be read again.
  Result<std::shared_ptr<const Loaded>> living(const CancelToken& cancel);
  // The one that was loaded last, if its device still works; else null. Does not wait.
  std::shared_ptr<const Loaded> current() const;

  // As those of DeviceSuccession. replaceable(): whether a failure of what was loaded, of any kind,
  // has been told to it, and is to be tried with what living() gives next.
  bool replaceable(uint64_t number, const Error& why);
  void proved(uint64_t number) { devices_->proved(number); }

  std::span<const OpList> lists() const { return lists_; }
  // Of what is, or was last, loaded.
  size_t weight_bytes() const;
  Precision precision() const;

 private:
  Result<std::shared_ptr<const Loaded>> load_next(WeightSource* source,
                                                  const LoadProgress& progress,
                                                  const CancelToken& cancel);
  void keep(std::shared_ptr<const Loaded> loaded);

  const std::shared_ptr<DeviceSuccession> devices_;
  const std::vector<OpList> lists_;
  const WeightSource::Reopener reopen_;
  const Precision wanted_;

  mutable std::mutex mutex_;         // guards what follows; not held while a program is loaded
  std::condition_variable changed_;  // nobody loads any more
  bool loading_ = false;
  std::shared_ptr<const Loaded> loaded_;
  size_t weight_bytes_ = 0;
  Precision precision_ = Precision::kAuto;
};

}  // namespace npu
