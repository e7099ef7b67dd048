// SPDX-License-Identifier: LGPL-2.1-or-later
// Weights of a network as they are in the bases of its activations (basis.h), with the gains and
// offsets of layer norms folded into what reads them.
#pragma once

#include <vector>

#include "device/device.h"
#include "quantised/basis.h"
#include "quantised/graph.h"

namespace npu::quantised {

// Row-major [outputs][inputs]; of a convolution tap by tap.
struct FoldedWeights {
  std::vector<float> weights;
  std::vector<float> bias;  // [outputs]
};

// Reads weights at every call. Borrows what it is given.
class WeightFolder {
 public:
  WeightFolder(const Graph& graph, WeightSource& source);

  // Errors: kBadModel (from the source).
  Result<FoldedWeights> product(const Product& product) const;
  // The vocabulary's projection.
  Result<FoldedWeights> vocabulary() const;
  // Rows that are added to a stream, or tokens of one.
  Result<std::vector<float>> stream_rows(const WeightRef& ref) const;
  // The encoder's result is gain * (transposed basis * normalised) + offset.
  Result<FoldedWeights> encoded() const;

  const Basis& stream() const { return stream_; }
  const Basis& head() const { return head_; }

 private:
  Result<std::vector<float>> read(const WeightRef& ref) const;
  Result<void> fold_input(const std::string& in, FoldedWeights& folded) const;

  const Graph& graph_;
  WeightSource& source_;
  Basis stream_, head_;
};

inline constexpr size_t kHeadSize = 64;

}  // namespace npu::quantised
