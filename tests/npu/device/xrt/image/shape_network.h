// SPDX-License-Identifier: LGPL-2.1-or-later
// The sizes of Whisper as networks without weights.
#pragma once

#include <gtest/gtest.h>

#include "device/xrt/image/steps.h"
#include "model/dims.h"
#include "quantised/graph.h"
#include "quantised/quantise.h"
#include "whisper/network.h"

namespace npu::testing {

struct SizeOfWhisper {
  const char* name;
  ModelDims dims;
};

inline const SizeOfWhisper kSizesOfWhisper[] = {{"Tiny", {80, 384, 6, 4, 4, 51865, 1536}},
                                                {"Base", {80, 512, 8, 6, 6, 51865, 2048}},
                                                {"Small", {80, 768, 12, 12, 12, 51865, 3072}},
                                                {"Medium", {80, 1024, 16, 24, 24, 51865, 4096}},
                                                {"LargeV3", {128, 1280, 20, 32, 32, 51866, 5120}},
                                                {"Turbo", {128, 1280, 20, 32, 4, 51866, 5120}},
                                                {"English", {80, 384, 6, 4, 4, 51864, 1536}}};

// The network that `whole` (whole_network()) names, without values: enough to say where things will
// lie.
inline quantised::Network shape_network(const std::vector<const OpList*>& whole) {
  quantised::Network network;
  const auto graph = quantised::read_graph(whole);
  EXPECT_TRUE(graph) << graph.error().message;
  if (!graph) return network;
  const auto matrix = [&](const std::string& name, size_t rows, size_t cols,
                          const std::string& in) {
    quantised::Matrix& made = network.matrices[name];
    made.rows = static_cast<uint32_t>(rows);
    made.cols = static_cast<uint32_t>(cols);
    made.input = quantised::default_input(in);
  };
  for (const auto& [name, product] : graph->products) {
    const Shape& shape = product.weight.shape;
    matrix(name, shape[0], product.into_basis ? shape[0] : shape.elements() / shape[0], product.in);
    network.matrices[name].gelu = product.gelu;
    if (product.positions) network.positions[quantised::short_name(*product.positions)];
  }
  const Shape& tokens = graph->vocabulary->shape;
  matrix(quantised::short_name(*graph->vocabulary), tokens[0], tokens[1], graph->score_in);
  for (const auto& [name, norm] : graph->norms)
    network.norms[name].gamma.resize(norm.gain.shape[0]);
  for (const quantised::AttentionUse& use : graph->attentions) {
    quantised::Attention& attention = network.attentions[use.q];
    attention.output = quantised::default_input(use.name());
    attention.mult.resize(static_cast<size_t>(use.heads));
    attention.shift.resize(static_cast<size_t>(use.heads));
  }
  return network;
}

inline std::vector<array::ArrayList> steps_of(const quantised::Network& network,
                                              std::span<const OpList> lists) {
  std::vector<array::ArrayList> all;
  for (const OpList& list : lists) {
    auto steps = array::array_steps(network, list);
    EXPECT_TRUE(steps) << steps.error().message;
    if (steps) all.push_back(*std::move(steps));
  }
  return all;
}

}  // namespace npu::testing
