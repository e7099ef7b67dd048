// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/expected.h"

#include "device/cpu/mixed/dot.h"
#include "device/xrt/image/steps.h"
#include "quantised/graph.h"

namespace npu::array {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// What an operation makes, and under which name; `makers` are those of queries.
struct Made {
  const std::vector<std::string>& makers;

  using Named = MadeValue;
  std::optional<Named> operator()(const Convolution& op) const {
    const std::string name = quantised::short_name(op.weight);
    return Named{op.positions ? quantised::in_stream(name) : name, op.out};
  }
  std::optional<Named> operator()(const Linear& op) const {
    return Named{quantised::short_name(op.weight), op.out};
  }
  std::optional<Named> operator()(const LayerNorm& op) const {
    return Named{quantised::short_name(op.gain), op.out};
  }
  std::optional<Named> operator()(const Embed& op) const { return Named{kTokenRows, op.out}; }
  std::optional<Named> operator()(const Attention& op) const { return attended(op.q, op.out); }
  std::optional<Named> operator()(const SelfAttention& op) const { return attended(op.q, op.out); }
  std::optional<Named> operator()(const CrossAttention& op) const { return attended(op.q, op.out); }
  template <typename Other>
  std::optional<Named> operator()(const Other&) const {
    return std::nullopt;
  }
  Named attended(ValueId q, ValueId out) const { return {makers[size(q)] + "/attended", out}; }
};

}  // namespace

std::optional<MadeValue> made_by(const Op& op, const std::vector<std::string>& makers) {
  return std::visit(Made{makers}, op);
}

std::shared_ptr<const quantised::Network> with_integers_shown(const quantised::Network& network) {
  auto shown = std::make_shared<quantised::Network>(network);
  for (auto& [name, steps] : shown->steps) steps.assign(steps.size(), 1.0F);
  return shown;
}

Result<std::unique_ptr<ExpectedValues>> ExpectedValues::create(
    std::span<const OpList> lists, std::shared_ptr<const quantised::Network> network,
    const ContextLimits& limits, int threads) {
  NPU_TRY_ASSIGN(const cpu::DotVariant* dot, cpu::dot_variant());
  auto expected = std::unique_ptr<ExpectedValues>(new ExpectedValues(limits, threads));
  NPU_TRY_ASSIGN(expected->program_,
                 cpu::integer::IntegerProgram::compile(expected->pool_, *dot, lists,
                                                       std::move(network), {}, {}, expected.get()));
  NPU_TRY_ASSIGN(expected->context_, expected->program_->create_context(limits));
  return expected;
}

void ExpectedValues::observe(const Op& op, const Values& values) {
  const auto named = made_by(op, makers_);
  if (!named) return;
  const auto& [name, out] = *named;
  makers_[size(out)] = name;
  const cpu::Matrix shown = values(out);
  Integers& integers = made_[name];
  integers.rows = shown.rows;
  integers.cols = shown.cols;
  integers.values.resize(shown.rows * shown.cols);
  for (size_t i = 0; i < integers.values.size(); ++i)
    integers.values[i] = static_cast<int16_t>(shown.row(i / shown.cols)[i % shown.cols]);
}

const Integers* ExpectedValues::find(const std::string& name) const {
  const auto found = made_.find(name);
  return found == made_.end() ? nullptr : &found->second;
}

Result<void> ExpectedValues::run(size_t list, std::span<const Row> rows,
                                 std::span<const int> self_parents, int store_slot) {
  const OpList& ops = program_->lists()[list];
  made_.clear();
  makers_.assign(ops.values.size(), "");
  std::vector<ScoreRequest> requests;
  Replay replay = ask_for_all(ops, rows, limits_.cross_positions, requests, results_, alignment_);
  replay.self_parents = self_parents;
  replay.store_slot = store_slot;
  return context_->run(list, replay, {}, {});
}

Replay ask_for_all(const OpList& list, std::span<const Row> rows, int cross_positions,
                   std::vector<ScoreRequest>& requests, std::vector<ScoreResult>& results,
                   std::vector<float>& alignment) {
  size_t heads = 0;
  for (const Op& op : list.ops)
    if (const auto* scores = std::get_if<AlignmentScores>(&op)) heads += scores->chosen.size();
  alignment.assign(heads * rows.size() * size(cross_positions), 0);
  requests.assign(rows.size(), {});
  results.assign(rows.size(), {});
  for (size_t r = 0; r < rows.size(); ++r) {
    requests[r].row = static_cast<int>(r);
    requests[r].full_row = true;
  }
  Replay replay;
  replay.rows = rows;
  replay.score = requests;
  replay.results = results;
  replay.alignment = alignment;
  return replay;
}

}  // namespace npu::array
