// SPDX-License-Identifier: LGPL-2.1-or-later
// From weights in f32 and what a calibration saw to a network in the array's arithmetic.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "device/device.h"
#include "quantised/activation_stats.h"
#include "quantised/network.h"

namespace npu::quantised {

// What is told of each choice, for reports: the name of what makes the activation, and what was
// chosen for those that read it.
struct InputReport {
  std::string name;
  Input input;
  double exponent;  // 0 where there was no choice
  double noise;     // energy of the error of the products that read it, by that of the products
  // Magnitudes: of all, and of channels the median and the one at 99 %.
  float greatest = 0, median_channel = 0, high_channel = 0;
};

struct QuantiseOptions {
  // Which activations are fine, by name; empty: default_input().
  std::function<Input(const std::string& name)> input;
  std::function<void(const InputReport&)> report;
};

// The results of GELU and of attention, and the features, are fine (docs/numerics.md says why).
Input default_input(const std::string& name);

// `lists` are Whisper's encoder, cross_kv and decode step, which name all weights; heads have 64
// columns. Errors: kBadModel (from `source`), kUnsupported (another network),
// kInvalidArgument (an activation that the calibration has not seen), kCancelled.
Result<Network> quantise(std::span<const OpList* const> lists, WeightSource& source,
                         const ActivationStats& stats, const QuantiseOptions& options,
                         const CancelToken& cancel);

}  // namespace npu::quantised
