// SPDX-License-Identifier: LGPL-2.1-or-later
// What an f32 program computes, in the names and bases of a quantised network.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/cpu/op_observer.h"
#include "quantised/folded_weights.h"

namespace npu::prepare {

class SeenActivations {
 public:
  // rows [n][channels] of the activation with that name (quantised/graph.h).
  using Take = std::function<void(const std::string& name, std::span<float> rows, size_t channels)>;

  // Of the network whose lists and weights these are. Errors: those of read_graph() and `source`.
  static Result<std::unique_ptr<SeenActivations>> create(std::span<const OpList* const> lists,
                                                         WeightSource& source);

  // Hands `take` what the operation has made; of activations with very many rows every `part`-th
  // row.
  void see(const Op& op, const cpu::OpObserver::Values& values, size_t part, const Take& take);

 private:
  using Values = cpu::OpObserver::Values;
  SeenActivations(quantised::Graph graph, WeightSource& source)
      : graph_(std::move(graph)), folder_(graph_, source) {}

  void choose_rows(const cpu::Matrix& made);
  void give(const std::string& name, const cpu::Matrix& made, const quantised::Basis* basis);
  void take(const Convolution& op, const Values& values);
  void take(const Linear& op, const Values& values);
  void take(const LayerNorm& op, const Values& values);
  void take(const Embed& op, const Values& values);
  void take(const Attention& op, const Values& values) { attended(op.q, op.out, values); }
  void take(const SelfAttention& op, const Values& values) { attended(op.q, op.out, values); }
  void take(const CrossAttention& op, const Values& values) { attended(op.q, op.out, values); }
  void take(const StoreCross&, const Values&) {}
  void take(const Score&, const Values&) {}
  void take(const AlignmentScores&, const Values&) {}
  void attended(ValueId q, ValueId out, const Values& values);

  quantised::Graph graph_;
  quantised::WeightFolder folder_;
  std::vector<float> positions_;           // of the convolution that has some
  std::map<ValueId, std::string> makers_;  // of the list that runs
  std::vector<float> rows_;
  size_t part_ = 1;
  const Take* take_ = nullptr;
};

}  // namespace npu::prepare
