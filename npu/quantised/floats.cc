// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/floats.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace npu::quantised {

int16_t feature_steps(float feature) {
  const float steps = std::nearbyint(feature / static_cast<float>(kMelStep));
  return static_cast<int16_t>(std::clamp(steps, -32768.0F, 32767.0F));
}

void encoded_floats(const Network& network, std::span<float> row, std::span<float> out) {
  const auto& steps = network.steps.at(network.encoded);
  for (size_t c = 0; c < row.size(); ++c) row[c] *= steps[c];
  for (size_t c = 0; c < out.size(); ++c)
    out[c] =
        std::inner_product(row.begin(), row.end(), network.encoded_matrix.data() + c * row.size(),
                           network.encoded_offset[c]);
}

}  // namespace npu::quantised
