// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of the NPU: the lists as operations of the array, and the weights image on the device.
#pragma once

#include <memory>
#include <vector>

#include "device/cpu/pool.h"
#include "device/device.h"
#include "device/xrt/hardware.h"
#include "device/xrt/image/lowering.h"
#include "quantised/network.h"

namespace npu::array {

// What a context must know of a recorded list.
struct ListFacts {
  const Convolution* features = nullptr;  // the first one, which reads what the host writes
  const Embed* embed = nullptr;
  const Score* score = nullptr;
  std::vector<const AlignmentScores*> alignment;
  bool appends = false;  // to self caches
  bool stores = false;   // a cross cache
};

class ArrayProgram : public Program {
 public:
  // Borrows `hardware` and `pool`. Errors: those of Device::load(); kUnsupported names the shape
  // that the array cannot run or what `network` lacks.
  static Result<std::unique_ptr<ArrayProgram>> compile(
      Hardware& hardware, cpu::Pool& pool, std::span<const OpList> lists,
      std::shared_ptr<const quantised::Network> network, const LoadProgress& progress,
      const CancelToken& cancel);

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override;
  size_t weight_bytes() const override { return image_->bytes(); }
  Precision precision() const override { return Precision::kNpu; }

  const std::vector<OpList>& lists() const { return lists_; }
  const ListFacts& facts(size_t list) const { return facts_[list]; }
  const ArrayList& array_list(size_t list) const { return array_lists_[list]; }
  const Lowering& lowering() const { return *lowering_; }
  const quantised::Network& network() const { return *network_; }
  const xrt::bo& weights() const { return weights_.object(); }
  Hardware& hardware() const { return hardware_; }
  cpu::Pool& pool() const { return pool_; }
  // Of the weights.
  const Traffic& traffic() const { return traffic_; }

 private:
  ArrayProgram(Hardware& hardware, cpu::Pool& pool,
               std::shared_ptr<const quantised::Network> network)
      : hardware_(hardware), pool_(pool), network_(std::move(network)) {}

  Hardware& hardware_;
  cpu::Pool& pool_;
  std::shared_ptr<const quantised::Network> network_;
  std::vector<OpList> lists_;
  std::vector<ListFacts> facts_;
  std::vector<ArrayList> array_lists_;
  std::unique_ptr<const WeightsImage> image_;
  std::unique_ptr<const Lowering> lowering_;
  DeviceBuffer weights_;
  Traffic traffic_;
};

}  // namespace npu::array
