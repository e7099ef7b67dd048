// SPDX-License-Identifier: LGPL-2.1-or-later
// Packed weights of earlier programs, in the packed cache.
#pragma once

#include <filesystem>

#include "device/cpu/mixed/matrix.h"
#include "device/device.h"

namespace npu::cpu {

// Nothing here is an error for the caller: what cannot be kept or taken is logged, and packed anew.
class KeptWeights {
 public:
  KeptWeights(WeightIdentity identity, Element element);

  // Fills `weights`, which are empty, with what was packed from the same source into the same
  // layout. False if there is nothing, or nothing usable.
  bool load(MixedWeights& weights) const;
  // Keeps them, unless packing them again is as quick.
  void store(const MixedWeights& weights) const;

 private:
  WeightIdentity identity_;
  std::string kind_;
  std::filesystem::path file_;  // empty: not to be kept
};

}  // namespace npu::cpu
