// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/integer/program.h"

#include <new>

#include "device/check.h"
#include "device/cpu/integer/attention.h"
#include "device/cpu/integer/context.h"
#include "layout/tile.h"
#include "numerics/make_tables.h"
#include "quantised/graph.h"

namespace npu::cpu::integer {

// Resolves the operations of one list.
class Compiler {
 public:
  Compiler(IntegerProgram& program, const OpList& list) : program_(program), list_(list) {
    compiled_.kinds.assign(list.values.size(), Kind::kUnsigned);
    makers_.resize(list.values.size());
  }

  Result<CompiledList> compile() {
    for (const Op& op : list_.ops) {
      Step step{op};
      NPU_TRY(std::visit([&](const auto& kind) { return resolve(kind, step); }, op));
      compiled_.steps.push_back(step);
    }
    return std::move(compiled_);
  }

 private:
  Kind& kind(ValueId id) { return compiled_.kinds[static_cast<size_t>(id)]; }
  std::string& maker(ValueId id) { return makers_[static_cast<size_t>(id)]; }

  Error missing(const std::string& what) const {
    return Error{ErrorCode::kUnsupported,
                 text("list ", list_.name, ": the prepared model has no ", what)};
  }

  Result<const PanelMatrix*> matrix(const std::string& name, size_t rows, size_t cols) {
    const auto found = program_.network_->matrices.find(name);
    if (found == program_.network_->matrices.end()) return missing(name);
    if (found->second.rows != rows || found->second.cols != cols)
      return Error{ErrorCode::kUnsupported,
                   text(name, ": expected ", rows, " x ", cols, ", found ", found->second.rows,
                        " x ", found->second.cols, " in the prepared model")};
    const auto [entry, is_new] = program_.matrices_.try_emplace(name, found->second);
    if (is_new) program_.bytes_ += entry->second.bytes();
    return &entry->second;
  }
  Result<void> positions(const WeightRef& ref, Step& step) {
    const auto found = program_.network_->positions.find(quantised::short_name(ref));
    if (found == program_.network_->positions.end()) return missing(quantised::short_name(ref));
    step.positions = &found->second;
    return {};
  }
  void made(const std::string& name, Step& step) {
    const auto found = program_.network_->steps.find(name);
    if (found != program_.network_->steps.end()) step.out_steps = &found->second;
  }
  // The kind of what a product reads.
  void reads(ValueId in, const Step& step) { kind(in) = kind_of(step.matrix->parameters().input); }

  Result<void> resolve(const Convolution& op, Step& step) {
    const std::string name = quantised::short_name(op.weight);
    NPU_TRY_ASSIGN(step.matrix,
                   matrix(name, op.weight.shape[0], op.weight.shape[1] * op.weight.shape[2]));
    reads(op.in, step);
    made(op.positions ? quantised::in_stream(name) : name, step);
    if (!op.positions) return {};
    kind(op.out) = Kind::kResidual;
    NPU_TRY_ASSIGN(step.stream,
                   matrix(quantised::in_stream(name), op.weight.shape[0], op.weight.shape[0]));
    return positions(*op.positions, step);
  }
  Result<void> resolve(const Linear& op, Step& step) {
    NPU_TRY_ASSIGN(step.matrix, matrix(quantised::short_name(op.weight), op.weight.shape[0],
                                       op.weight.shape[1]));
    reads(op.in, step);
    if (op.residual) kind(op.out) = Kind::kResidual;
    maker(op.out) = quantised::short_name(op.weight);
    made(maker(op.out), step);
    return {};
  }
  Result<void> resolve(const LayerNorm& op, Step& step) {
    const std::string name = quantised::short_name(op.gain);
    const auto found = program_.network_->norms.find(name);
    if (found == program_.network_->norms.end()) return missing(name);
    step.norm = &found->second;
    kind(op.in) = Kind::kResidual;
    kind(op.out) = kind_of(found->second.output);
    made(name, step);
    return {};
  }
  Result<void> attention(ValueId q, int heads, Step& step) {
    const auto found = program_.network_->attentions.find(maker(q));
    if (found == program_.network_->attentions.end()) return missing("attention of " + maker(q));
    const int width = list_.values[static_cast<size_t>(q)].cols;
    if (width != heads * static_cast<int>(kHeadSize) ||
        found->second.mult.size() != static_cast<size_t>(heads))
      return Error{ErrorCode::kUnsupported, text("list ", list_.name, ": expected heads of ",
                                                 kHeadSize, " columns, found ", width / heads)};
    step.attention = &found->second;
    kind(q) = Kind::kUnsigned;
    made(quantised::AttentionUse{maker(q), "", ""}.name(), step);
    return {};
  }
  Result<void> resolve(const Attention& op, Step& step) {
    kind(op.k) = kind(op.v) = Kind::kSigned;
    NPU_TRY(attention(op.q, op.heads, step));
    kind(op.out) = kind_of(step.attention->output);
    return {};
  }
  Result<void> resolve(const SelfAttention& op, Step& step) {
    kind(op.k) = kind(op.v) = Kind::kSigned;
    NPU_TRY(attention(op.q, op.heads, step));
    kind(op.out) = kind_of(step.attention->output);
    return {};
  }
  Result<void> resolve(const StoreCross& op, Step&) {
    kind(op.k) = kind(op.v) = Kind::kSigned;
    return {};
  }
  Result<void> resolve(const CrossAttention& op, Step& step) {
    NPU_TRY(attention(op.q, op.heads, step));
    kind(op.out) = kind_of(step.attention->output);
    return {};
  }
  Result<void> resolve(const AlignmentScores& op, Step& step) {
    return attention(op.q, op.heads, step);
  }
  Result<void> resolve(const Embed& op, Step& step) {
    if (program_.network_->embedding.weights.size() != op.tokens.shape.elements())
      return missing("tokens of that number and width");
    kind(op.out) = Kind::kResidual;
    made(quantised::short_name(op.tokens), step);
    return positions(op.positions, step);
  }
  Result<void> resolve(const Score& op, Step& step) {
    NPU_TRY_ASSIGN(step.matrix, matrix(quantised::short_name(op.tokens), op.tokens.shape[0],
                                       op.tokens.shape[1]));
    reads(op.in, step);
    return {};
  }

  IntegerProgram& program_;
  const OpList& list_;
  CompiledList compiled_;
  std::vector<std::string> makers_;  // of queries, by value
};

IntegerProgram::IntegerProgram(Pool& pool, const DotVariant& dot,
                               std::shared_ptr<const quantised::Network> network,
                               OpObserver* observer)
    : pool_(pool),
      dot_(dot),
      network_(std::move(network)),
      observer_(observer),
      exp2_(kernels::make_exp2_table()) {}

Result<std::unique_ptr<IntegerProgram>> IntegerProgram::compile(
    Pool& pool, const DotVariant& dot, std::span<const OpList> lists,
    std::shared_ptr<const quantised::Network> network, const LoadProgress& progress,
    const CancelToken& cancel, OpObserver* observer) {
  NPU_TRY(check_lists(lists));
  try {
    auto program = std::unique_ptr<IntegerProgram>(
        new IntegerProgram(pool, dot, std::move(network), observer));
    program->lists_.assign(lists.begin(), lists.end());
    for (const OpList& list : program->lists_) {
      NPU_TRY(check_interrupt(cancel, Deadline(), "loading the model"));
      NPU_TRY_ASSIGN(CompiledList compiled, Compiler(*program, list).compile());
      program->compiled_.push_back(std::move(compiled));
      if (progress)
        progress(static_cast<double>(program->compiled_.size()) /
                 static_cast<double>(lists.size()));
    }
    return program;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory, "loading the model: not enough memory for its weights"};
  }
}

Result<std::unique_ptr<Context>> IntegerProgram::create_context(const ContextLimits& limits) const {
  NPU_TRY(check_limits(lists_, limits));
  try {
    return std::unique_ptr<Context>(std::make_unique<IntegerContext>(*this, limits));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory,
                 text("not enough memory for ", limits.self_slots, " self caches, ",
                      limits.cross_slots, " cross caches and ", limits.max_rows, " rows")};
  }
}

}  // namespace npu::cpu::integer
