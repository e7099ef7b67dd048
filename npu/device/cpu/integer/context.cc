// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/integer/context.h"

#include <algorithm>

#include "device/cpu/integer/replayer.h"
#include "device/cpu/replay_steps.h"
#include "quantised/floats.h"

namespace npu::cpu::integer {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// Where the arena of a list has its values: plans count lines of 64 bytes.
constexpr size_t kLine = 64;

}  // namespace

IntegerContext::IntegerContext(const IntegerProgram& program, const ContextLimits& limits)
    : program_(program), limits_(limits), histories_(limits.self_slots, limits.self_positions) {
  cross_.resize(size(limits.cross_slots));
  storage_rows_.resize(size(limits.max_rows));
  std::vector<Plan> plans;
  size_t lines = 0;
  for (size_t index = 0; index < program.lists().size(); ++index) {
    const OpList& list = program.lists()[index];
    make_buffers(list, program.compiled(index));
    make_caches(list);
    plans.push_back(plan_of(list, program.compiled(index)));
    lines = std::max(lines, plans.back().size);
  }
  arena_ = AlignedArray<uint8_t>(lines * kLine);
  for (size_t index = 0; index < plans.size(); ++index)
    values_.push_back(views_of(program.lists()[index], program.compiled(index), plans[index]));
  const size_t bytes = IntegerReplayer::scratch_size(program);
  for (size_t thread = 0; thread < program.pool().threads(); ++thread) {
    scratch_.emplace_back(bytes);
    float_scratch_.emplace_back(ScoreScratch::thread_size());
    self_keys_.emplace_back(size(limits.self_positions));
  }
}

Plan IntegerContext::plan_of(const OpList& list, const CompiledList& compiled) const {
  std::vector<std::vector<ValueId>> operands;
  for (const Op& op : list.ops) operands.push_back(operands_of(op));
  std::vector<size_t> sizes;
  for (size_t id = 0; id < list.values.size(); ++id) {
    const Value& value = list.values[id];
    const size_t rows = value.rows == kTableRows ? size(limits_.max_rows) : size(value.rows);
    sizes.push_back(
        value.buffer.empty() ? rows * stride_of(compiled.kinds[id], size(value.cols)) / kLine : 0);
  }
  return place_values(operands, sizes);
}

std::vector<View> IntegerContext::views_of(const OpList& list, const CompiledList& compiled,
                                           const Plan& plan) {
  std::vector<View> views;
  for (size_t id = 0; id < list.values.size(); ++id) {
    const Value& value = list.values[id];
    const Kind kind = compiled.kinds[id];
    View view{arena_.data() + plan.offsets[id] * kLine, stride_of(kind, size(value.cols)), 0,
              size(value.cols), kind};
    if (!value.buffer.empty()) view = buffers_.find(value.buffer)->second.view;
    view.rows = size(value.rows);
    views.push_back(view);
  }
  return views;
}

void IntegerContext::make_buffers(const OpList& list, const CompiledList& compiled) {
  for (size_t id = 0; id < list.values.size(); ++id) {
    const Value& value = list.values[id];
    if (value.buffer.empty()) continue;
    const size_t rows = value.rows == kTableRows ? size(limits_.max_rows) : size(value.rows);
    Buffer& buffer = buffers_[value.buffer];
    if (buffer.view.rows >= rows) continue;
    const size_t stride = stride_of(compiled.kinds[id], size(value.cols));
    buffer.data = AlignedArray<uint8_t>(rows * stride);
    buffer.view = {buffer.data.data(), stride, rows, size(value.cols), compiled.kinds[id]};
  }
}

void IntegerContext::make_caches(const OpList& list) {
  const auto cols = [&](ValueId id) { return size(list.values[size(id)].cols); };
  for (const Op& op : list.ops) {
    if (const auto* self = std::get_if<SelfAttention>(&op)) {
      const auto layer = size(self->layer);
      if (self_.size() <= layer) self_.resize(layer + 1);
      const size_t bytes = size(histories_.storage_rows()) * cols(self->k);
      if (self_[layer].keys.size() == 0)
        self_[layer] = {AlignedArray<int8_t>(bytes), AlignedArray<int8_t>(bytes)};
    } else if (const auto* cross = std::get_if<CrossAttention>(&op)) {
      make_cross(size(cross->layer), size(cross->heads));
    } else if (const auto* alignment = std::get_if<AlignmentScores>(&op)) {
      make_cross(size(alignment->layer), size(alignment->heads));
    } else if (const auto* full = std::get_if<Attention>(&op)) {
      const size_t rows = size(list.values[size(full->k)].rows);
      while (attention_.size() < size(full->heads)) attention_.emplace_back(rows);
    }
  }
}

void IntegerContext::make_cross(size_t layer, size_t heads) {
  for (auto& slot : cross_) {
    if (slot.size() <= layer) slot.resize(layer + 1);
    while (slot[layer].size() < heads) slot[layer].emplace_back(size(limits_.cross_positions));
  }
}

Result<View> IntegerContext::find(std::string_view buffer, size_t floats) const {
  const auto found = buffers_.find(buffer);
  const bool exists = found != buffers_.end();
  NPU_TRY(check_buffer(exists, buffer, exists ? found->second.view.rows : 0,
                       exists ? found->second.view.cols : 0, floats));
  return found->second.view;
}

Result<void> IntegerContext::write(std::string_view buffer, std::span<const float> data) {
  NPU_TRY_ASSIGN(const View view, find(buffer, data.size()));
  if (view.kind != Kind::kFine)
    return Error{ErrorCode::kInvalidArgument,
                 text("buffer ", buffer, ": expected one of features, which alone can be written")};
  for (size_t r = 0; r < view.rows; ++r)
    for (size_t c = 0; c < view.cols; ++c)
      put_fine(view.row(r), view.stride, c, quantised::feature_steps(data[r * view.cols + c]));
  return {};
}

Result<void> IntegerContext::read(std::string_view buffer, std::span<float> data) {
  NPU_TRY_ASSIGN(const View view, find(buffer, data.size()));
  const auto& steps = program_.network().steps.at(program_.network().encoded);
  if (view.kind == Kind::kResidual || steps.size() != view.cols)
    return Error{
        ErrorCode::kInvalidArgument,
        text("buffer ", buffer, ": expected the encoder's result, which alone can be read")};
  std::vector<float> row(view.cols);
  for (size_t r = 0; r < view.rows; ++r) {
    for (size_t c = 0; c < view.cols; ++c) row[c] = static_cast<float>(view.integer(r, c));
    quantised::encoded_floats(program_.network(), row, data.subspan(r * view.cols, view.cols));
  }
  return {};
}

Result<void> IntegerContext::run(size_t list, const Replay& replay, const CancelToken& cancel,
                                 Deadline deadline) {
  NPU_TRY_ASSIGN(const OpList* ops, list_at(program_.lists(), list));
  NPU_TRY(check_replay(*ops, limits_, replay, histories_.lengths()));
  Turn turn(program_.pool(), cancel, deadline);
  NPU_TRY(turn.take());
  histories_.begin(*ops, replay, storage_rows_);
  IntegerReplayer replayer(*this, list, replay, turn);
  return replay_steps(replayer, program_.compiled(list).steps, *ops, turn, histories_);
}

}  // namespace npu::cpu::integer
