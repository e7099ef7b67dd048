// SPDX-License-Identifier: LGPL-2.1-or-later
// Which device works now: the first one, the same once more from the beginning, or another one in
// its place.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cancel.h"
#include "device/device.h"
#include "device/device_work.h"
#include "device/recovery/lost_device.h"
#include "result.h"

namespace npu {

// Opens a device. Errors: those of open_device(); kCancelled.
using OpenDevice = std::function<Result<std::unique_ptr<Device>>(const CancelToken& cancel)>;

// What follows a device that is lost. Called by whoever needs it next, one at a time.
struct Replacements {
  OpenDevice again;    // the same piece of hardware, from the beginning
  OpenDevice instead;  // what takes its place for good; null: nothing does
};

// Whether the error means that the device is gone, or not to be trusted with anything any more.
bool is_loss(const Error& error);

// A loss gets one retry: the same device again. If that is lost too before it has proved itself, or
// cannot be had, the device is given up for the whole process, and what there is takes its place.
// Users name the device that they mean by its number, since others may have replaced it meanwhile.
// Thread-safe.
class DeviceSuccession {
 public:
  struct Opened {
    uint64_t number = 0;
    std::shared_ptr<Device> device;
  };

  // `memory`, which is told of a device that is given up, is borrowed.
  DeviceSuccession(std::unique_ptr<Device> first, Replacements replacements, LostDevice& memory);

  // The device to work with. Opens the next one if it was lost, or waits for who does; users should
  // have let go of the lost one before, which has its place in the hardware until then.
  // Errors: kCancelled, within 20 ms where another one opens it; kDeviceLost: it was given up, and
  // nothing takes its place; those of Replacements::instead.
  Result<Opened> living(const CancelToken& cancel);
  // Whether that device works and has not been replaced, as far as is known.
  bool is_current(uint64_t number) const;

  // Says that device `number` failed with `why`, a loss. What was replaced already is not meant.
  void lost(uint64_t number, const Error& why);
  // Says that device `number` works but cannot do what it was asked. False if nothing takes its
  // place.
  bool unfit(uint64_t number, const Error& why);
  // Says that what device `number` was opened anew for is done: its next loss gets a retry, too.
  void proved(uint64_t number);

  // Of the device that works, or did last.
  std::string_view name() const;
  std::string description() const;
  // Why the first device was given up; none: it was not.
  std::optional<std::string> loss() const;
  // What all of them have counted so far.
  std::vector<ListWork> work() const;

 private:
  enum class Stage {
    kFirst,    // a loss is followed by a retry
    kRetried,  // a loss is the end of it
    kGivenUp,  // by this process
    kUnfit,    // what takes its place is to be opened
    kInstead,  // that works
  };

  Result<std::unique_ptr<Device>> open_next(const CancelToken& cancel);
  void give_up(const std::string& reason);
  void take(std::shared_ptr<Device> device);
  std::shared_ptr<Device> let_go();

  const Replacements replacements_;
  LostDevice& memory_;

  mutable std::mutex mutex_;         // guards what follows; not held while a device is opened
  std::condition_variable changed_;  // nobody opens any more
  bool opening_ = false;             // a thread is in open_next(): stage_ and why_ are its
  Opened current_;                   // no device: lost
  Stage stage_ = Stage::kFirst;
  std::string why_;        // the device was lost
  std::string first_why_;  // and before the retry
  std::optional<Error> dead_;
  std::optional<std::string> loss_;
  std::string_view name_;
  std::string description_;
  WorkCounter earlier_;  // what those that were replaced have counted
};

}  // namespace npu
