// SPDX-License-Identifier: LGPL-2.1-or-later
// Floats that enter and leave a network of integers, for every device that computes in it.
#pragma once

#include <cstdint>
#include <span>

#include "quantised/network.h"

namespace npu::quantised {

// A mel feature in units of kMelStep, saturated to 16 bits.
int16_t feature_steps(float feature);

// The encoder's result in floats: `row` holds its integers, a column of the stream each, and is
// used up. Both have as many as network.encoded_offset.
void encoded_floats(const Network& network, std::span<float> row, std::span<float> out);

}  // namespace npu::quantised
