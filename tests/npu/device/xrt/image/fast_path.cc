// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fast_path.h"

#include "device/xrt/self_test/expected.h"

namespace npu::testing {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

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
  const auto named = array::made_by(op, makers_);
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
  std::vector<ScoreRequest> requests;
  Replay replay =
      array::ask_for_all(ops, rows, limits_.cross_positions, requests, results_, alignment_);
  replay.store_slot = store_slot;
  const auto ran = context_->run(list, replay, {}, {});
  ASSERT_TRUE(ran) << ran.error().message;
}

}  // namespace npu::testing
