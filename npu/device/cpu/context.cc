// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/context.h"

#include <algorithm>

#include "device/cpu/plan.h"
#include "device/cpu/replay_steps.h"
#include "device/cpu/replayer.h"

namespace npu::cpu {

CpuContext::CpuContext(const CpuProgram& program, const ContextLimits& limits)
    : program_(program), limits_(limits), histories_(limits.self_slots, limits.self_positions) {
  const auto max_rows = static_cast<size_t>(limits.max_rows);
  cross_.resize(static_cast<size_t>(limits.cross_slots));
  storage_rows_.resize(max_rows);
  std::vector<Plan> plans;
  size_t arena = 0;
  for (const OpList& list : program.lists()) {
    buffers_.add(list, limits.max_rows);
    make_caches(list);
    plans.push_back(plan_temporaries(list, max_rows));
    arena = std::max(arena, plans.back().size);
  }
  arena_ = FloatArray(arena);
  for (size_t list = 0; list < plans.size(); ++list)
    values_.push_back(views_of(program.lists()[list], plans[list]));
  const size_t scratch = std::max(Replayer::scratch_size(*this), ScoreScratch::thread_size());
  for (size_t thread = 0; thread < program.pool().threads(); ++thread)
    scratch_.emplace_back(scratch);
}

std::vector<Matrix> CpuContext::views_of(const OpList& list, const Plan& plan) {
  std::vector<Matrix> views;
  for (size_t id = 0; id < list.values.size(); ++id) {
    const Value& value = list.values[id];
    const auto cols = static_cast<size_t>(value.cols);
    Matrix view{arena_.data() + plan.offsets[id], row_stride(cols), 0, cols};
    if (!value.buffer.empty()) view = buffers_.view(value.buffer);
    view.rows = static_cast<size_t>(value.rows);
    views.push_back(view);
  }
  return views;
}

void CpuContext::make_caches(const OpList& list) {
  const auto cols = [&](ValueId id) {
    return static_cast<size_t>(list.values[static_cast<size_t>(id)].cols);
  };
  for (const Op& op : list.ops) {
    if (const auto* self = std::get_if<SelfAttention>(&op)) {
      const auto layer = static_cast<size_t>(self->layer);
      if (self_.size() <= layer) self_.resize(layer + 1);
      if (self_[layer].stride) continue;
      const size_t stride = round_up(cols(self->k), 16);
      const size_t size = static_cast<size_t>(histories_.storage_rows()) * stride;
      self_[layer] = {FloatArray(size), FloatArray(size), stride};
    } else if (const auto* cross = std::get_if<CrossAttention>(&op)) {
      make_cross(static_cast<size_t>(cross->layer), cols(cross->q),
                 static_cast<size_t>(cross->heads));
    } else if (const auto* alignment = std::get_if<AlignmentScores>(&op)) {
      make_cross(static_cast<size_t>(alignment->layer), cols(alignment->q),
                 static_cast<size_t>(alignment->heads));
    } else if (const auto* full = std::get_if<Attention>(&op)) {
      const Value& k = list.values[static_cast<size_t>(full->k)];
      attention_.reserve(static_cast<size_t>(k.rows), static_cast<size_t>(k.cols),
                         static_cast<size_t>(full->heads));
    }
  }
}

void CpuContext::make_cross(size_t layer, size_t cols, size_t heads) {
  for (auto& slot : cross_) {
    if (slot.size() <= layer) slot.resize(layer + 1);
    slot[layer].reserve(static_cast<size_t>(limits_.cross_positions), cols, heads);
  }
}

Result<void> CpuContext::write(std::string_view buffer, std::span<const float> data) {
  return buffers_.write(buffer, data);
}

Result<void> CpuContext::read(std::string_view buffer, std::span<float> data) {
  return buffers_.read(buffer, data);
}

Result<void> CpuContext::run(size_t list, const Replay& replay, const CancelToken& cancel,
                             Deadline deadline) {
  NPU_TRY_ASSIGN(const OpList* ops, list_at(program_.lists(), list));
  NPU_TRY(check_replay(*ops, limits_, replay, histories_.lengths()));
  Turn turn(program_.pool(), cancel, deadline);
  NPU_TRY(turn.take());
  histories_.begin(*ops, replay, storage_rows_);
  Replayer replayer(*this, list, replay, turn);
  return replay_steps(replayer, program_.steps(list), *ops, turn, histories_);
}

}  // namespace npu::cpu
