// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/context.h"

#include <algorithm>

#include "device/cpu/mixed/replayer.h"
#include "device/cpu/mixed/scratch.h"
#include "device/cpu/replay_steps.h"

namespace npu::cpu {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

}  // namespace

MixedContext::MixedContext(const MixedProgram& program, const ContextLimits& limits)
    : program_(program), limits_(limits), histories_(limits.self_slots, limits.self_positions) {
  cross_.resize(size(limits.cross_slots));
  storage_rows_.resize(size(limits.max_rows));
  groups_.reserve(size(limits.max_rows));
  const size_t prepared_rows = std::max(size(limits.max_rows), kScoreRows);
  prepared_scale_.resize(prepared_rows);
  for (const OpList& list : program.lists()) {
    buffers_.add(list, limits.max_rows);
    make_caches(list);
    for (const Value& value : list.values) widest_ = std::max(widest_, size(value.cols));
  }
  prepared_data_ = AlignedArray<uint8_t>(prepared_rows * prepared_stride(widest_));
  logit_row_ = FloatArray(row_stride(widest_));
  place_lists();
  make_scratch();
}

void MixedContext::place_lists() {
  std::vector<Plan> plans;
  size_t most = 0;
  for (size_t list = 0; list < program_.lists().size(); ++list) {
    std::vector<size_t> sizes;
    for (const Value& value : program_.lists()[list].values)
      sizes.push_back(arena_size(value, size(limits_.max_rows)));
    plans.push_back(place_values(program_.compiled(list).operands, sizes));
    most = std::max(most, plans.back().size);
  }
  arena_ = FloatArray(most);
  for (size_t list = 0; list < plans.size(); ++list) {
    const auto& values = program_.lists()[list].values;
    std::vector<Matrix> views;
    for (size_t id = 0; id < values.size(); ++id) {
      const size_t cols = size(values[id].cols);
      Matrix view{arena_.data() + plans[list].offsets[id], row_stride(cols), 0, cols};
      if (!values[id].buffer.empty()) view = buffers_.view(values[id].buffer);
      view.rows = size(values[id].rows);
      views.push_back(view);
    }
    values_.push_back(std::move(views));
  }
}

// The cross cache of a layer in all slots, and what reads it.
void MixedContext::make_cross(int layer, size_t cols, int heads) {
  for (auto& slot : cross_) {
    if (slot.size() <= size(layer)) slot.resize(size(layer) + 1);
    slot[size(layer)].reserve(program_.element(), size(limits_.cross_positions), cols, size(heads));
  }
  cross_queries_.reserve(size(limits_.max_rows), cols, size(heads));
}

// Of what the list fills, which has room for the greatest of all lists.
void MixedContext::take_shapes(const OpList& list, const Replay& replay) {
  const auto rows = [&](ValueId id) { return size(list.values[size(id)].rows); };
  const auto cols = [&](ValueId id) { return size(list.values[size(id)].cols); };
  for (const Op& op : list.ops) {
    if (const auto* full = std::get_if<Attention>(&op)) {
      queries_.reserve(rows(full->q), cols(full->q), size(full->heads));
      attended_.reserve(rows(full->k), cols(full->k), size(full->heads));
    } else if (const auto* store = std::get_if<StoreCross>(&op)) {
      auto& layers = cross_[size(replay.store_slot)];
      if (layers.size() <= size(store->layer)) continue;  // no list reads it
      CrossLayer& layer = layers[size(store->layer)];
      layer.reserve(program_.element(), rows(store->k), cols(store->k), layer.heads());
    }
  }
}

void MixedContext::make_caches(const OpList& list) {
  const auto cols = [&](ValueId id) { return size(list.values[size(id)].cols); };
  for (const Op& op : list.ops) {
    if (const auto* self = std::get_if<SelfAttention>(&op)) {
      const size_t layer = size(self->layer);
      if (self_.size() <= layer) self_.resize(layer + 1);
      if (self_[layer].stride) continue;
      const size_t stride = row_stride(cols(self->k));
      const size_t elements = size(histories_.storage_rows()) * stride;
      self_[layer] = {AlignedArray<uint16_t>(elements), AlignedArray<uint16_t>(elements), stride};
    } else if (const auto* cross = std::get_if<CrossAttention>(&op)) {
      make_cross(cross->layer, cols(cross->q), cross->heads);
    } else if (const auto* alignment = std::get_if<AlignmentScores>(&op)) {
      make_cross(alignment->layer, cols(alignment->q), alignment->heads);
    } else if (const auto* full = std::get_if<Attention>(&op)) {
      queries_.reserve(size(list.values[size(full->q)].rows), cols(full->q), size(full->heads));
      attended_.reserve(size(list.values[size(full->k)].rows), cols(full->k), size(full->heads));
    }
  }
}

void MixedContext::make_scratch() {
  size_t locals = 0, depth = 0;
  for (size_t list = 0; list < program_.lists().size(); ++list)
    for (const MixedStep& step : program_.compiled(list).steps) {
      if (const auto* chain = std::get_if<Chain>(&step))
        locals = std::max(locals, chain->locals.size);
      else if (const auto* convolution = std::get_if<ConvolutionStep>(&step))
        depth = std::max(depth, convolution->matrix->cols);
    }
  const size_t positions = size(limits_.cross_positions);
  Carver chain(nullptr), convolution(nullptr), attention(nullptr), cross(nullptr), self(nullptr);
  ChainScratch{chain, locals, widest_};
  ConvolutionScratch{convolution, depth};
  AttentionScratch{attention, widest_};
  CrossScratch{cross, positions, widest_};
  SelfScratch{self, size(limits_.self_positions), widest_};
  const size_t bytes = std::max({chain.used(), convolution.used(), attention.used(), cross.used(),
                                 self.used(), ScoreScratch::thread_size() * sizeof(float)});
  for (size_t thread = 0; thread < program_.pool().threads(); ++thread)
    scratch_.emplace_back(bytes / sizeof(float) + 1);
}

// The storage rows and row groups of a replay.
void MixedContext::begin_rows(const OpList& list, const Replay& replay) {
  histories_.begin(list, replay, storage_rows_);
  groups_.clear();
  for (size_t r = 0; r < replay.rows.size(); ++r) {
    const size_t slot = size(replay.rows[r].cross_slot);
    if (!groups_.empty() && groups_.back().slot == slot && groups_.back().rows < kCrossRows)
      ++groups_.back().rows;
    else
      groups_.push_back({r, 1, slot});
  }
}

Result<void> MixedContext::run(size_t list, const Replay& replay, const CancelToken& cancel,
                               Deadline deadline) {
  NPU_TRY_ASSIGN(const OpList* ops, list_at(program_.lists(), list));
  NPU_TRY(check_replay(*ops, limits_, replay, histories_.lengths()));
  Turn turn(program_.pool(), cancel, deadline);
  NPU_TRY(turn.take());
  begin_rows(*ops, replay);
  take_shapes(*ops, replay);
  MixedReplayer replayer(*this, list, replay, turn);
  return replay_steps(replayer, program_.compiled(list).steps, *ops, turn, histories_);
}

}  // namespace npu::cpu
