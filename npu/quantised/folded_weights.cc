// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/folded_weights.h"

#include <algorithm>

namespace npu::quantised {
namespace {

// [out][in][taps] as [out][taps][in].
std::vector<float> by_tap(const std::vector<float>& values, const Shape& shape) {
  const size_t in = shape[1], taps = shape[2];
  std::vector<float> moved(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    moved[i / (in * taps) * in * taps + i % taps * in + i / taps % in] = values[i];
  return moved;
}

}  // namespace

WeightFolder::WeightFolder(const Graph& graph, WeightSource& source)
    : graph_(graph),
      source_(source),
      stream_(graph.vocabulary->shape[1], Basis::Kind::kStream),
      head_(kHeadSize, Basis::Kind::kHead) {}

Result<std::vector<float>> WeightFolder::read(const WeightRef& ref) const {
  std::vector<float> values(ref.shape.elements());
  NPU_TRY(source_.read(ref, values));
  return values;
}

Result<void> WeightFolder::fold_input(const std::string& in, FoldedWeights& folded) const {
  if (const auto norm = graph_.norms.find(in); norm != graph_.norms.end()) {
    NPU_TRY_ASSIGN(const auto gain, read(norm->second.gain));
    NPU_TRY_ASSIGN(const auto offset, read(norm->second.bias));
    for (size_t row = 0; row < folded.bias.size(); ++row) {
      float* weights = folded.weights.data() + row * gain.size();
      double sum = folded.bias[row];
      for (size_t c = 0; c < gain.size(); ++c) {
        sum += double{weights[c]} * offset[c];
        weights[c] *= gain[c];
      }
      folded.bias[row] = static_cast<float>(sum);
    }
    stream_.rotate(folded.weights);
  } else if (graph_.is_attended(in)) {
    head_.rotate(folded.weights);
  }
  return {};
}

Result<FoldedWeights> WeightFolder::product(const Product& product) const {
  FoldedWeights folded;
  if (product.into_basis) {
    const size_t width = stream_.width();
    folded.weights.resize(width * width);
    folded.bias.resize(width);
    for (size_t i = 0; i < folded.weights.size(); ++i)
      folded.weights[i] = stream_.at(i / width, i % width);
    return folded;
  }
  NPU_TRY_ASSIGN(folded.weights, read(product.weight));
  const size_t rows = product.weight.shape[0];
  folded.bias.resize(rows);
  if (product.bias) {
    NPU_TRY_ASSIGN(folded.bias, read(*product.bias));
  }
  if (product.weight.shape.rank() == 3)
    folded.weights = by_tap(folded.weights, product.weight.shape);
  NPU_TRY(fold_input(product.in, folded));
  const Basis* out = product.residual ? &stream_ : graph_.is_head(product.name) ? &head_ : nullptr;
  if (out) {
    out->rotate_rows(folded.weights, folded.weights.size() / rows);
    out->rotate(folded.bias);
  }
  return folded;
}

Result<FoldedWeights> WeightFolder::vocabulary() const {
  FoldedWeights folded;
  NPU_TRY_ASSIGN(folded.weights, read(*graph_.vocabulary));
  folded.bias.resize(graph_.vocabulary->shape[0]);
  NPU_TRY(fold_input(graph_.score_in, folded));
  return folded;
}

Result<std::vector<float>> WeightFolder::stream_rows(const WeightRef& ref) const {
  NPU_TRY_ASSIGN(std::vector<float> rows, read(ref));
  stream_.rotate(rows);
  return rows;
}

Result<FoldedWeights> WeightFolder::encoded() const {
  const NormUse& norm = graph_.norms.at(graph_.encoded);
  FoldedWeights folded;
  NPU_TRY_ASSIGN(const auto gain, read(norm.gain));
  NPU_TRY_ASSIGN(folded.bias, read(norm.bias));
  const size_t width = gain.size();
  folded.weights.resize(width * width);
  for (size_t i = 0; i < folded.weights.size(); ++i)
    folded.weights[i] = gain[i / width] * stream_.at(i % width, i / width);
  return folded;
}

}  // namespace npu::quantised
