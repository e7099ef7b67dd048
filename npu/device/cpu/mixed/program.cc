// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/program.h"

#include <new>

#include "device/check.h"
#include "device/cpu/mixed/compile.h"
#include "device/cpu/mixed/context.h"
#include "device/cpu/mixed/kept_weights.h"

namespace npu::cpu {
namespace {

// Sums of products of 8 bits must stay within 32: 255 * 127 * 2^16 does. A head's keys meet queries
// of 16 bits.
constexpr size_t kMostDepth = size_t{1} << 16;
constexpr int kMostHeadSize = 256;

Result<void> check_depths(std::span<const OpList> lists) {
  for (const OpList& list : lists) {
    for (const Value& value : list.values)
      if (static_cast<size_t>(value.cols) > kMostDepth)
        return Error{ErrorCode::kUnsupported, text("list ", list.name, ": expected at most ",
                                                   kMostDepth, " columns, found ", value.cols)};
    for (const Op& op : list.ops) {
      const auto* cross = std::get_if<CrossAttention>(&op);
      if (!cross) continue;
      const int size = list.values[static_cast<size_t>(cross->q)].cols / cross->heads;
      if (size > kMostHeadSize)
        return Error{ErrorCode::kUnsupported, text("list ", list.name, ": expected heads of up to ",
                                                   kMostHeadSize, " columns, found ", size)};
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<MixedProgram>> MixedProgram::compile(
    Pool& pool, const DotVariant& dot, Element element, std::span<const OpList> lists,
    WeightSource& source, const LoadProgress& progress, const CancelToken& cancel) {
  NPU_TRY(check_lists(lists));
  NPU_TRY(check_depths(lists));
  size_t total = 0, count = 0;
  for (const OpList& list : lists) total += list.ops.size();
  const auto done = [&]() -> Result<void> {
    if (progress) progress(static_cast<double>(++count) / static_cast<double>(total));
    return check_interrupt(cancel, Deadline(), "loading the model");
  };
  try {
    auto program = std::unique_ptr<MixedProgram>(new MixedProgram(pool, dot, element));
    program->lists_.assign(lists.begin(), lists.end());
    NPU_TRY(check_interrupt(cancel, Deadline(), "loading the model"));
    KeptWeights kept(source.identity(), element);
    const bool found = kept.load(program->weights_);
    for (const OpList& list : lists) {
      NPU_TRY_ASSIGN(MixedList compiled,
                     compile_list(list, element, program->weights_, source, done));
      program->compiled_.push_back(std::move(compiled));
    }
    if (!found) kept.store(program->weights_);
    return program;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory, "loading the model: not enough memory for its weights"};
  }
}

Result<std::unique_ptr<Context>> MixedProgram::create_context(const ContextLimits& limits) const {
  NPU_TRY(check_limits(lists_, limits));
  try {
    return std::unique_ptr<Context>(std::make_unique<MixedContext>(*this, limits));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory,
                 text("not enough memory for ", limits.self_slots, " self caches, ",
                      limits.cross_slots, " cross caches and ", limits.max_rows, " rows")};
  }
}

}  // namespace npu::cpu
