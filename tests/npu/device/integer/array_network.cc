// SPDX-License-Identifier: LGPL-2.1-or-later
#include "array_network.h"

#include "array_ops.h"

namespace npu::testing {
namespace {

using cpu::integer::Step;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

Leaves leaves(Kind kind, const std::string& weight) {
  switch (kind) {
    case Kind::kUnsigned:
      return Leaves::kInt8;
    case Kind::kFine:
      return Leaves::kFine;
    case Kind::kResidual:
      return Leaves::kResidual;
    case Kind::kSigned:
      return weight.ends_with(".key.weight") ? Leaves::kKeys : Leaves::kValues;
  }
  return Leaves::kInt8;
}

// Rows from `first` on become those of `more`; what was behind them is forgotten.
void replace_from(Rows& cache, size_t first, const Rows& more) {
  cache.kind = more.kind;
  cache.cols = more.cols;
  cache.rows = first + more.rows;
  cache.values.resize(first * more.cols);
  cache.values.insert(cache.values.end(), more.values.begin(), more.values.end());
}

}  // namespace

void ArrayNetwork::begin(size_t list, std::span<const Row> rows) {
  list_ = list;
  rows_ = rows;
  values_.assign(program_.lists()[list].values.size(), Rows());
  scores_.clear();
  alignment_.clear();
}

Rows& ArrayNetwork::place(ValueId id) {
  const std::string& buffer = program_.lists()[list_].values[size(id)].buffer;
  return buffer.empty() ? values_[size(id)] : buffers_[buffer];
}

const Rows& ArrayNetwork::value(ValueId id) {
  return place(id);
}

Kind ArrayNetwork::kind(ValueId id) const {
  return program_.compiled(list_).kinds[size(id)];
}

void ArrayNetwork::run(const Step& step) {
  std::visit([&](const auto& op) { run(op, step); }, step.op);
}

void ArrayNetwork::run(const Convolution& op, const Step& step) {
  const Rows& in = value(op.in);
  const Rows taps = array_taps(in, size(op.stride), in.rows / size(op.stride));
  if (!step.stream) {
    place(op.out) = array_product(step.matrix->parameters(), taps, leaves(kind(op.out), ""));
    return;
  }
  const quantised::Matrix& stream = step.stream->parameters();
  const Kind between = cpu::integer::kind_of(stream.input);
  const Rows convolved = array_product(step.matrix->parameters(), taps, leaves(between, ""));
  Rows positions(Kind::kResidual, convolved.rows, stream.rows);
  std::copy_n(step.positions->begin(), positions.values.size(), positions.values.begin());
  place(op.out) = array_product(stream, convolved, Leaves::kResidual, &positions);
}

void ArrayNetwork::run(const Linear& op, const Step& step) {
  place(op.out) =
      array_product(step.matrix->parameters(), value(op.in), leaves(kind(op.out), op.weight.name),
                    op.residual ? &value(*op.residual) : nullptr);
}

void ArrayNetwork::run(const LayerNorm& op, const Step& step) {
  place(op.out) = array_norm(*step.norm, value(op.in));
}

void ArrayNetwork::run(const Attention& op, const Step& step) {
  const Rows &q = value(op.q), &k = value(op.k);
  const std::vector<int32_t> limits(q.rows, static_cast<int32_t>(k.rows));
  place(op.out) = array_attention(*step.attention, q, k, value(op.v), limits);
}

void ArrayNetwork::run(const SelfAttention& op, const Step& step) {
  Keys& cache = self_[op.layer];
  replace_from(cache.k, size(rows_.front().position), value(op.k));
  replace_from(cache.v, size(rows_.front().position), value(op.v));
  std::vector<int32_t> limits;
  for (const Row& row : rows_) limits.push_back(row.position + 1);
  place(op.out) = array_attention(*step.attention, value(op.q), cache.k, cache.v, limits);
}

void ArrayNetwork::run(const StoreCross& op, const Step&) {
  cross_[op.layer] = {value(op.k), value(op.v)};
}

void ArrayNetwork::run(const CrossAttention& op, const Step& step) {
  const Keys& cache = cross_[op.layer];
  const std::vector<int32_t> limits(rows_.size(), static_cast<int32_t>(cache.k.rows));
  place(op.out) = array_attention(*step.attention, value(op.q), cache.k, cache.v, limits);
}

void ArrayNetwork::run(const Embed& op, const Step& step) {
  std::vector<int> tokens;
  for (const Row& row : rows_) tokens.push_back(row.token);
  place(op.out) = array_embed(program_.network().embedding, *step.positions, tokens,
                              size(rows_.front().position), op.tokens.shape[1]);
}

void ArrayNetwork::run(const Score& op, const Step& step) {
  scores_ = array_scores(step.matrix->parameters(), value(op.in));
}

void ArrayNetwork::run(const AlignmentScores& op, const Step& step) {
  for (const int head : op.chosen)
    alignment_.push_back(
        array_alignment(*step.attention, size(head), value(op.q), cross_[op.layer].k));
}

}  // namespace npu::testing
