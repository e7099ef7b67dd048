// SPDX-License-Identifier: LGPL-2.1-or-later
// A device that can be lost, and comes back as itself or as another one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/device.h"
#include "device/device_work.h"
#include "device/recovery/device_succession.h"

namespace npu {

// Its programs and contexts outlive the hardware: see RecoveringContext. name() and description()
// are those of the device that works now. Weights that a program needs again are read from what
// WeightSource::reopener() gives.
class RecoveringDevice : public Device, public WorkMeter {
 public:
  // `memory`, which is told if the device is given up, is borrowed.
  RecoveringDevice(std::unique_ptr<Device> first, Replacements replacements, LostDevice& memory);

  std::string_view name() const override { return devices_->name(); }
  std::string description() const override { return devices_->description(); }
  std::optional<std::string> loss() const override { return devices_->loss(); }
  std::vector<ListWork> work() const override { return devices_->work(); }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override;

 private:
  const std::shared_ptr<DeviceSuccession> devices_;
};

}  // namespace npu
