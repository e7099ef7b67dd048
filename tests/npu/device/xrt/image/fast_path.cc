// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fast_path.h"

#include "quantised/graph.h"

namespace npu::testing {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// What an operation makes, and under which name; `makers` are those of queries.
struct Made {
  const std::vector<std::string>& makers;

  using Named = std::pair<std::string, ValueId>;
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

FastPath::FastPath(std::span<const OpList> lists, std::shared_ptr<const quantised::Network> network,
                   const ContextLimits& limits)
    : limits_(limits) {
  const auto dot = cpu::dot_variant();
  EXPECT_TRUE(dot);
  if (!dot) return;
  auto program =
      cpu::integer::IntegerProgram::compile(pool_, **dot, lists, std::move(network), {}, {}, this);
  EXPECT_TRUE(program) << program.error().message;
  if (!program) return;
  program_ = *std::move(program);
  auto context = program_->create_context(limits);
  EXPECT_TRUE(context) << context.error().message;
  if (context) context_ = *std::move(context);
}

void FastPath::observe(const Op& op, const Values& values) {
  const auto named = std::visit(Made{makers_}, op);
  if (!named) return;
  const auto& [name, out] = *named;
  makers_[size(out)] = name;
  const cpu::Matrix floats = values(out);
  Rows rows(program_->compiled(list_).kinds[size(out)], floats.rows, floats.cols);
  for (size_t i = 0; i < rows.values.size(); ++i)
    rows.put(i, static_cast<int>(floats.row(i / rows.cols)[i % rows.cols]));
  made_[name] = std::move(rows);
}

void FastPath::run(size_t list, std::span<const Row> rows, int store_slot) {
  list_ = list;
  const OpList& ops = program_->lists()[list];
  made_.clear();
  makers_.assign(ops.values.size(), "");
  size_t heads = 0;
  for (const Op& op : ops.ops)
    if (const auto* scores = std::get_if<AlignmentScores>(&op)) heads += scores->chosen.size();
  alignment_.assign(heads * rows.size() * size(limits_.cross_positions), 0);
  std::vector<ScoreRequest> requests(rows.size());
  results_.assign(rows.size(), {});
  for (size_t r = 0; r < rows.size(); ++r) {
    requests[r].row = static_cast<int>(r);
    requests[r].full_row = true;
  }
  Replay replay;
  replay.rows = rows;
  replay.store_slot = store_slot;
  replay.score = requests;
  replay.results = results_;
  replay.alignment = alignment_;
  const auto ran = context_->run(list, replay, {}, {});
  ASSERT_TRUE(ran) << ran.error().message;
}

}  // namespace npu::testing
