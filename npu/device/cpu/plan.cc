// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/plan.h"

#include <algorithm>

#include "device/cpu/aligned.h"

namespace npu::cpu {
namespace {

// Values that an operation reads or writes.
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

// A temporary: first and last operation that needs it, and its place.
struct Life {
  size_t value;
  size_t first, last;
  size_t begin, end;
};

}  // namespace

Plan plan_temporaries(const OpList& list, size_t max_rows) {
  std::vector<Life> lives;
  std::vector<int> life_of(list.values.size(), -1);
  for (size_t step = 0; step < list.ops.size(); ++step) {
    for (const ValueId id : std::visit(Operands{}, list.ops[step])) {
      const auto value = static_cast<size_t>(id);
      if (!list.values[value].buffer.empty()) continue;
      if (life_of[value] < 0) {
        life_of[value] = static_cast<int>(lives.size());
        lives.push_back({value, step, step, 0, 0});
      }
      lives[static_cast<size_t>(life_of[value])].last = step;
    }
  }

  Plan plan{std::vector<size_t>(list.values.size()), 0};
  std::vector<Life*> placed;  // by begin
  for (Life& life : lives) {
    const Value& value = list.values[life.value];
    const size_t rows = value.rows == kTableRows ? max_rows : static_cast<size_t>(value.rows);
    const size_t size = rows * row_stride(static_cast<size_t>(value.cols)) + 2 * kPanelCols;
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

}  // namespace npu::cpu
