// SPDX-License-Identifier: LGPL-2.1-or-later
#include "prepare/seen_activations.h"

#include <cmath>

namespace npu::prepare {
namespace {

using quantised::AttentionUse;
using quantised::short_name;

constexpr size_t kFewRows = 448;  // all of them are looked at

// As LayerNorm, without gain and offset.
void normalise(std::span<float> row) {
  double sum = 0, squares = 0;
  for (const float x : row) sum += x;
  const double mean = sum / static_cast<double>(row.size());
  for (const float x : row) squares += (x - mean) * (x - mean);
  const double scale = 1 / std::sqrt(squares / static_cast<double>(row.size()) + 1e-5);
  for (float& x : row) x = static_cast<float>((x - mean) * scale);
}

}  // namespace

Result<std::unique_ptr<SeenActivations>> SeenActivations::create(
    std::span<const OpList* const> lists, WeightSource& source) {
  NPU_TRY_ASSIGN(auto graph, quantised::read_graph(lists));
  std::unique_ptr<SeenActivations> seen(new SeenActivations(std::move(graph), source));
  for (const auto& [name, product] : seen->graph_.products) {
    if (!product.positions) continue;
    seen->positions_.resize(product.positions->shape.elements());
    NPU_TRY(source.read(*product.positions, seen->positions_));
  }
  return seen;
}

void SeenActivations::see(const Op& op, const Values& values, size_t part, const Take& take_each) {
  part_ = part;
  take_ = &take_each;
  std::visit([&](const auto& kind) { take(kind, values); }, op);
}

void SeenActivations::choose_rows(const cpu::Matrix& made) {
  const size_t step = made.rows > kFewRows ? part_ : 1;
  rows_.clear();
  for (size_t r = 0; r < made.rows; r += step)
    rows_.insert(rows_.end(), made.row(r), made.row(r) + made.cols);
}

void SeenActivations::give(const std::string& name, const cpu::Matrix& made,
                           const quantised::Basis* basis) {
  choose_rows(made);
  if (basis) basis->rotate(rows_);
  (*take_)(name, rows_, made.cols);
}

void SeenActivations::take(const Convolution& op, const Values& values) {
  const std::string name = short_name(op.weight);
  const cpu::Matrix made = values(op.out);
  if (!op.positions) return give(name, made, nullptr);
  std::vector<float> before(made.rows * made.cols);
  for (size_t r = 0; r < made.rows; ++r)
    for (size_t c = 0; c < made.cols; ++c)
      before[r * made.cols + c] = made.row(r)[c] - positions_[r * made.cols + c];
  give(name, {before.data(), made.cols, made.rows, made.cols}, nullptr);
  give(quantised::in_stream(name), made, &folder_.stream());
}

void SeenActivations::take(const Linear& op, const Values& values) {
  const std::string name = short_name(op.weight);
  makers_[op.out] = name;
  give(name, values(op.out),
       op.residual            ? &folder_.stream()
       : graph_.is_head(name) ? &folder_.head()
                              : nullptr);
}

void SeenActivations::take(const LayerNorm& op, const Values& values) {
  const cpu::Matrix in = values(op.in);
  choose_rows(in);
  for (size_t first = 0; first < rows_.size(); first += in.cols)
    normalise(std::span(rows_).subspan(first, in.cols));
  folder_.stream().rotate(rows_);
  (*take_)(short_name(op.gain), rows_, in.cols);
}

void SeenActivations::take(const Embed& op, const Values& values) {
  give(short_name(op.tokens), values(op.out), &folder_.stream());
}

void SeenActivations::attended(ValueId q, ValueId out, const Values& values) {
  give(AttentionUse{makers_[q], "", ""}.name(), values(out), &folder_.head());
}

}  // namespace npu::prepare
