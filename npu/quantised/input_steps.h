// SPDX-License-Identifier: LGPL-2.1-or-later
// The steps of the channels that products read: how the difficulty of the ranges is shared between
// activations and weights. Source: Xiao et al., "SmoothQuant" (2023), with the exponent chosen for
// each input by the error of the products on calibration rows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quantised/activation_stats.h"
#include "quantised/network.h"

namespace npu::quantised {

// Weights that read the input, [rows][channels], row-major.
struct Reader {
  std::span<const float> weights;
  size_t rows;
};

// What was chosen, for reports.
struct InputSteps {
  std::vector<float> steps;  // [channels], > 0
  double exponent = 0;
  double noise = 0;  // energy of the products' error / that of the products, on the samples
};

// For each channel the range that int8 should span: its peak, or less where cutting off rare values
// costs less than the coarser step.
std::vector<float> best_ranges(const ChannelStats& stats);

// Greatest integer of an input.
int most_of(Input input);

// The integers of one row of activations.
void quantise_row(std::span<const float> row, std::span<const float> steps, Input input,
                  std::span<int> out);

// Weights of one output times the steps, as integers with one step: returns it, 0 if all are 0.
double quantise_weights(std::span<const float> weights, std::span<const float> steps,
                        std::span<int8_t> out);

InputSteps choose_steps(const ChannelStats& stats, std::span<const Reader> readers, Input input);

}  // namespace npu::quantised
