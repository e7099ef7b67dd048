// SPDX-License-Identifier: LGPL-2.1-or-later
// A small network in the array's arithmetic, with random weights and made-up ranges.
#pragma once

#include <cmath>

#include "model/dims.h"
#include "quantised/graph.h"
#include "quantised/quantise.h"
#include "random_weights.h"
#include "whisper/network.h"

namespace npu::testing {

inline constexpr ModelDims kSmallDims{80, 192, 3, 2, 2, 5000, 768};

// Encoder, cross_kv, decode step and align, on the fewest encoder positions.
inline std::vector<OpList> small_lists() {
  auto lists = whisper_lists(kSmallDims, {{0, 1}, {1, 0}, {1, 2}});
  const int positions = kFewerPositions[0];
  return {lists[list_on_positions(kEncoder, positions)],
          lists[list_on_positions(kCrossKv, positions)], lists[kDecodeStep], lists[kAlign]};
}

// As if a calibration had seen channels of many sizes. `scale` 1 is about what a network with
// random weights computes; with less of it values leave their ranges.
inline Result<quantised::Network> network_with_made_up_ranges(
    const std::vector<const OpList*>& whole, size_t width, WeightSource& weights, float scale,
    const quantised::QuantiseOptions& options = {}) {
  NPU_TRY_ASSIGN(const quantised::Graph graph, quantised::read_graph(whole));
  quantised::ActivationStats stats;
  uint64_t seed = 1;
  const auto see = [&](const std::string& name, size_t channels) {
    constexpr size_t kRows = 32;
    std::vector<float> rows(kRows * channels);
    Random random(seed++);
    for (size_t c = 0; c < channels; ++c) {
      const float size = scale * std::exp2(2 * random.next());
      for (size_t r = 0; r < kRows; ++r) rows[r * channels + c] = size * random.next();
    }
    stats.add(name, rows.data(), kRows, channels, channels);
  };
  for (const auto& [name, product] : graph.products) see(name, product.weight.shape[0]);
  for (const auto& [name, norm] : graph.norms) see(name, norm.gain.shape[0]);
  for (const auto& use : graph.attentions) see(use.name(), width);
  see(quantised::short_name(*graph.vocabulary), width);
  return quantised::quantise(whole, weights, stats, options, {});
}

inline Result<quantised::Network> random_network(float scale,
                                                 const quantised::QuantiseOptions& options = {}) {
  const auto lists = small_lists();
  RandomWeights weights;
  return network_with_made_up_ranges(whole_network(lists), size_t{kSmallDims.width}, weights, scale,
                                     options);
}

}  // namespace npu::testing
