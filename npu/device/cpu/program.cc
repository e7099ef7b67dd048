// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/program.h"

#include <new>

#include "device/check.h"
#include "device/cpu/context.h"

namespace npu::cpu {
namespace {

// Resolves the weights of one operation.
class Resolver {
 public:
  Resolver(PackedWeights& weights, WeightSource& source) : weights_(weights), source_(source) {}

  Result<Step> resolve(const Op& op) {
    Step step{op, {}, nullptr, nullptr, nullptr};
    NPU_TRY(std::visit([&](const auto& kind) { return fill(kind, step); }, op));
    return step;
  }

 private:
  Result<void> matrix(const WeightRef& ref, Step& step) {
    NPU_TRY_ASSIGN(step.matrix, weights_.matrix(ref, source_));
    return {};
  }
  Result<void> plain(const WeightRef& ref, const FloatArray*& to) {
    NPU_TRY_ASSIGN(to, weights_.plain(ref, source_));
    return {};
  }

  Result<void> part(const WeightRef& weight, const WeightRef* bias, ValueId out, bool gelu,
                    Step& step) {
    MatrixPart part{out, nullptr, nullptr, gelu};
    NPU_TRY_ASSIGN(part.matrix, weights_.matrix(weight, source_));
    if (bias) NPU_TRY(plain(*bias, part.bias));
    step.parts.push_back(part);
    return {};
  }

  Result<void> fill(const Convolution& op, Step& step) {
    NPU_TRY(part(op.weight, &op.bias, op.out, op.gelu, step));
    if (op.positions) NPU_TRY(plain(*op.positions, step.table));
    return {};
  }
  Result<void> fill(const Linear& op, Step& step) {
    return part(op.weight, op.bias ? &*op.bias : nullptr, op.out, op.gelu, step);
  }
  Result<void> fill(const LayerNorm& op, Step& step) {
    NPU_TRY(plain(op.gain, step.table));
    return plain(op.bias, step.bias);
  }
  Result<void> fill(const Embed& op, Step& step) {
    NPU_TRY(matrix(op.tokens, step));
    return plain(op.positions, step.table);
  }
  Result<void> fill(const Score& op, Step& step) { return matrix(op.tokens, step); }
  template <typename Weightless>
  Result<void> fill(const Weightless&, Step&) {
    return {};
  }

  PackedWeights& weights_;
  WeightSource& source_;
};

// Lets `step` share the replay of the one before it if both are linears without residual of the
// same input (Q, K and V). Their outputs are apart from each other, since all are alive at the end.
bool merge(std::vector<Step>& steps, const Step& step) {
  if (steps.empty()) return false;
  const auto* before = std::get_if<Linear>(&steps.back().op);
  const auto* op = std::get_if<Linear>(&step.op);
  if (!before || !op || before->in != op->in || before->residual || op->residual) return false;
  for (const MatrixPart& part : steps.back().parts)
    if (part.out == op->in || part.out == op->out) return false;
  steps.back().parts.push_back(step.parts.front());
  return true;
}

}  // namespace

Result<std::unique_ptr<CpuProgram>> CpuProgram::compile(Pool& pool, std::span<const OpList> lists,
                                                        WeightSource& source,
                                                        const LoadProgress& progress,
                                                        const CancelToken& cancel,
                                                        OpObserver* observer) {
  NPU_TRY(check_lists(lists));
  size_t total = 0, done = 0;
  for (const OpList& list : lists) total += list.ops.size();
  try {
    auto program = std::unique_ptr<CpuProgram>(new CpuProgram(pool, observer));
    program->lists_.assign(lists.begin(), lists.end());
    Resolver resolver(program->weights_, source);
    for (const OpList& list : lists) {
      std::vector<Step> steps;
      for (const Op& op : list.ops) {
        NPU_TRY(check_interrupt(cancel, Deadline(), "loading the model"));
        NPU_TRY_ASSIGN(Step step, resolver.resolve(op));
        if (observer || !merge(steps, step)) steps.push_back(std::move(step));
        if (progress) progress(static_cast<double>(++done) / static_cast<double>(total));
      }
      program->steps_.push_back(std::move(steps));
    }
    return program;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory, "loading the model: not enough memory for its weights"};
  }
}

Result<std::unique_ptr<Context>> CpuProgram::create_context(const ContextLimits& limits) const {
  NPU_TRY(check_limits(lists_, limits));
  try {
    return std::unique_ptr<Context>(std::make_unique<CpuContext>(*this, limits));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory,
                 text("not enough memory for ", limits.self_slots, " self caches, ",
                      limits.cross_slots, " cross caches and ", limits.max_rows, " rows")};
  }
}

}  // namespace npu::cpu
