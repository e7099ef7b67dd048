// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/program.h"

#include <new>

#include "device/check.h"
#include "device/xrt/context.h"

namespace npu::array {
namespace {

ListFacts facts_of(const OpList& list) {
  ListFacts facts;
  for (const ::npu::Op& op : list.ops) {
    if (const auto* convolution = std::get_if<Convolution>(&op); convolution && !facts.features)
      facts.features = convolution;
    if (const auto* embed = std::get_if<Embed>(&op)) facts.embed = embed;
    if (const auto* score = std::get_if<Score>(&op)) facts.score = score;
    if (const auto* scores = std::get_if<AlignmentScores>(&op)) facts.alignment.push_back(scores);
    facts.appends |= std::holds_alternative<SelfAttention>(op);
    facts.stores |= std::holds_alternative<StoreCross>(op);
  }
  return facts;
}

}  // namespace

Result<std::unique_ptr<ArrayProgram>> ArrayProgram::compile(
    Hardware& hardware, cpu::Pool& pool, std::span<const OpList> lists,
    std::shared_ptr<const quantised::Network> network, const LoadProgress& progress,
    const CancelToken& cancel) {
  constexpr double kPlanned = 0.1, kPacked = 0.8;
  NPU_TRY(check_lists(lists));
  try {
    auto program =
        std::unique_ptr<ArrayProgram>(new ArrayProgram(hardware, pool, std::move(network)));
    program->lists_.assign(lists.begin(), lists.end());
    for (const OpList& list : program->lists_) {
      NPU_TRY(check_interrupt(cancel, Deadline(), "loading the model"));
      program->facts_.push_back(facts_of(list));
      NPU_TRY_ASSIGN(ArrayList steps, array_steps(*program->network_, list));
      program->array_lists_.push_back(std::move(steps));
    }
    program->image_ =
        std::make_unique<const WeightsImage>(WeightsImage::plan(program->array_lists_));
    program->lowering_ = std::make_unique<const Lowering>(program->array_lists_, *program->image_);
    if (progress) progress(kPlanned);
    NPU_TRY_ASSIGN(program->weights_,
                   hardware.unsynced_buffer(kWeightsArgument, program->image_->bytes()));
    NPU_TRY(check_interrupt(cancel, Deadline(), "loading the model"));
    NPU_TRY(program->image_->write({program->weights_.host(), program->image_->bytes()}));
    if (progress) progress(kPacked);
    NPU_TRY(check_interrupt(cancel, Deadline(), "loading the model"));
    NPU_TRY(program->weights_.to_device(0, program->image_->bytes(), program->traffic_));
    ListWork loading;
    loading.bytes_to_device = program->traffic_.bytes_to_device;
    hardware.work().add(kLoadingWork, loading);
    if (progress) progress(1);
    return program;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory, "loading the model: not enough memory for its weights"};
  }
}

Result<std::unique_ptr<Context>> ArrayProgram::create_context(const ContextLimits& limits) const {
  NPU_TRY(check_limits(lists_, limits));
  try {
    NPU_TRY_ASSIGN(auto context, ArrayContext::create(*this, limits));
    return std::unique_ptr<Context>(std::move(context));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory,
                 text("not enough memory for ", limits.self_slots, " self caches, ",
                      limits.cross_slots, " cross caches and ", limits.max_rows, " rows")};
  }
}

}  // namespace npu::array
