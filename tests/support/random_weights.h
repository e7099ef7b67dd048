// SPDX-License-Identifier: LGPL-2.1-or-later
// Weights from a fixed seed, for tests and benchmarks that need sizes and not a model.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

#include "device/device.h"

namespace npu::testing {

// A small fast generator; the same numbers everywhere, unlike the standard distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  // Uniform in [-1, 1).
  float next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<int32_t>(state_ >> 32)) * 0x1p-31f;
  }

 private:
  uint64_t state_;
};

// Every tensor from the hash of its name: matrices of a size that keeps activations near 1, layer
// norm gains near 1, all others small.
class RandomWeights : public WeightSource {
 public:
  Result<void> read(const WeightRef& ref, std::span<float> out) override {
    Random random(std::hash<std::string>()(ref.name));
    const size_t rank = ref.shape.rank();
    const size_t inputs = rank < 2 ? 1 : ref.shape.elements() / ref.shape[0];
    const float size = rank < 2 ? 0.1f : 1.5f / std::sqrt(static_cast<float>(inputs));
    const bool gain = rank == 1 && ref.name.ends_with(".weight");
    for (float& value : out) value = random.next() * size + (gain ? 1.0f : 0.0f);
    return {};
  }
};

}  // namespace npu::testing
