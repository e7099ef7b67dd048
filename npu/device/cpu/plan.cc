// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/plan.h"

#include <algorithm>

#include "device/cpu/aligned.h"

namespace npu::cpu {
namespace {

struct Operands {
  std::vector<ValueId> operator()(const Convolution& op) const { return {op.in, op.out}; }
  std::vector<ValueId> operator()(const Linear& op) const {
    return {op.in, op.out, op.residual.value_or(op.out)};
  }
  std::vector<ValueId> operator()(const LayerNorm& op) const { return {op.in, op.out}; }
  std::vector<ValueId> operator()(const Attention& op) const { return {op.q, op.k, op.v, op.out}; }
  std::vector<ValueId> operator()(const SelfAttention& op) const {
    return {op.q, op.k, op.v, op.out};
  }
  std::vector<ValueId> operator()(const StoreCross& op) const { return {op.k, op.v}; }
  std::vector<ValueId> operator()(const CrossAttention& op) const { return {op.q, op.out}; }
  std::vector<ValueId> operator()(const Embed& op) const { return {op.out}; }
  std::vector<ValueId> operator()(const Score& op) const { return {op.in}; }
  std::vector<ValueId> operator()(const AlignmentScores& op) const { return {op.q}; }
};

// A temporary: first and last step that needs it, and its place.
struct Life {
  size_t value;
  size_t first, last;
  size_t begin, end;
};

}  // namespace

std::vector<ValueId> operands_of(const Op& op) {
  return std::visit(Operands{}, op);
}

size_t arena_size(const Value& value, size_t max_rows) {
  if (!value.buffer.empty()) return 0;
  const size_t rows = value.rows == kTableRows ? max_rows : static_cast<size_t>(value.rows);
  return rows * row_stride(static_cast<size_t>(value.cols)) + 2 * kPanelCols;
}

Plan place_values(std::span<const std::vector<ValueId>> operands, std::span<const size_t> sizes) {
  std::vector<Life> lives;
  std::vector<int> life_of(sizes.size(), -1);
  for (size_t step = 0; step < operands.size(); ++step) {
    for (const ValueId id : operands[step]) {
      const auto value = static_cast<size_t>(id);
      if (sizes[value] == 0) continue;
      if (life_of[value] < 0) {
        life_of[value] = static_cast<int>(lives.size());
        lives.push_back({value, step, step, 0, 0});
      }
      lives[static_cast<size_t>(life_of[value])].last = step;
    }
  }

  Plan plan{std::vector<size_t>(sizes.size()), 0};
  std::vector<Life*> placed;  // by begin
  for (Life& life : lives) {
    const size_t size = sizes[life.value];
    size_t begin = 0;
    for (const Life* other : placed) {
      if (other->last < life.first || other->first > life.last) continue;
      if (begin + size <= other->begin) break;
      begin = std::max(begin, other->end);
    }
    life.begin = begin;
    life.end = begin + round_up(size, 16);
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), &life,
                         [](const Life* a, const Life* b) { return a->begin < b->begin; }),
        &life);
    plan.offsets[life.value] = life.begin;
    plan.size = std::max(plan.size, life.end);
  }
  return plan;
}

Plan plan_temporaries(const OpList& list, size_t max_rows) {
  std::vector<std::vector<ValueId>> operands;
  for (const Op& op : list.ops) operands.push_back(operands_of(op));
  std::vector<size_t> sizes;
  for (const Value& value : list.values) sizes.push_back(arena_size(value, max_rows));
  return place_values(operands, sizes);
}

}  // namespace npu::cpu
