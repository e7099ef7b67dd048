// SPDX-License-Identifier: LGPL-2.1-or-later
// Commands of a context: kept ones, whose arguments move, and such that are written anew.
#include <algorithm>

#include "device/xrt/context.h"
#include "kv_cache/kv_cache.h"

namespace npu::array {
namespace {

using kernels::kObjectBytes;
using kernels::kTile;

// The slot that stands, in the transfers of one row, for the part of a cache that the row is
// appended to.
constexpr uint8_t kAppendSlot = 1;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// Where a position lies in the blocks of a head.
uint64_t position_offset(int position) {
  const auto at = static_cast<unsigned>(position);
  return at / kTile * kObjectBytes + kernels::cache_index(at % kTile, 0);
}

// Operations of the list; without scores those that only they need are left out.
std::span<const Operation> operations_of(const LoweredList& list, bool is_scored) {
  std::span<const Operation> all = list.operations;
  if (is_scored || !list.logits) return all;
  all = all.first(all.size() - 1);
  return all.back().op == kernels::Op::kLayerNorm ? all.first(all.size() - 1) : all;
}

bool is_same(const RunShape& a, const RunShape& b) {
  return a.stored == b.stored && a.self_slots == b.self_slots && a.rows == b.rows;
}

}  // namespace

// A slot that was never stored is one key of zeros: what is made of it is zero.
size_t ArrayContext::stored_of(int cross_slot) const {
  return std::max<size_t>(1, stored_[size(cross_slot)]);
}

Result<void> ArrayContext::lower(size_t list, const RunShape& shape, Prepared& prepared) {
  if (prepared.is_lowered && is_same(shape, prepared.shape)) return {};
  if (descriptors_ == &prepared) descriptors_ = nullptr;
  NPU_TRY_ASSIGN(prepared.lowered, program_.lowering().lower(list, shape));
  prepared.shape = shape;
  prepared.is_lowered = true;
  return {};
}

Place ArrayContext::whole_place(const BufferPlace& place) const {
  const auto argument = static_cast<unsigned>(place.buffer);
  switch (place.buffer) {
    case Buffer::kCross:
      return {argument, size(chunk_.cross_slots[place.slot]) * cross_bytes_ + place.offset};
    case Buffer::kSelf:
      return {argument,
              slots_.cache_of(chunk_.self_slots[place.slot]) * self_bytes_ + place.offset};
    default:
      return {argument, place.offset};
  }
}

Place ArrayContext::part_place(const BufferPlace& place) const {
  if (place.buffer == Buffer::kSelf && place.slot == kAppendSlot)
    return {kAppendArgument, place.offset};
  return {static_cast<unsigned>(place.buffer), place.offset};
}

Result<std::vector<CommandStream>> ArrayContext::streams(const LoweredList& lowered, bool is_scored,
                                                         const Binding& binding) const {
  return command_streams(operations_of(lowered, is_scored), binding);
}

Result<void> ArrayContext::set_common(Command& command) {
  NPU_TRY(command.set_buffer(kWeightsArgument, program_.weights()));
  NPU_TRY(command.set_buffer(kActivationsArgument, activations_.object()));
  NPU_TRY(command.set_buffer(kHostArgument, host_.object()));
  NPU_TRY(command.set_buffer(kCrossArgument, cross_.object()));
  return command.set_buffer(kSelfArgument, self_.object());
}

Result<ArrayContext::Prepared*> ArrayContext::kept(const Turn& turn, bool is_scored) {
  const bool has_rows = program_.facts(turn.list).embed != nullptr;
  RunShape shape;
  shape.self_positions = size(limits_.self_positions);
  shape.cross_positions = size(limits_.cross_positions);
  shape.stored = {has_rows ? stored_of(chunk_.cross_slots.front()) : shape.cross_positions};
  shape.rows = 1;
  Prepared& prepared = kept_[{turn.list, is_scored, shape.stored.front()}];
  if (!prepared.commands.empty()) return &prepared;
  NPU_TRY(lower(turn.list, shape, prepared));
  const AppendedRow appended{kAppendSlot, 0};
  const Binding binding{[this](const BufferPlace& place) { return part_place(place); },
                        {kActivationsArgument, waste_},
                        {&appended, 1}};
  NPU_TRY_ASSIGN(const auto made, streams(prepared.lowered, is_scored, binding));
  std::vector<Command> commands;
  for (const CommandStream& stream : made) {
    NPU_TRY_ASSIGN(Command command, Command::make(hardware_, stream.operations, stream.words));
    NPU_TRY(set_common(command));
    commands.push_back(std::move(command));
  }
  prepared.commands = std::move(commands);
  return &prepared;
}

Result<ArrayContext::Prepared*> ArrayContext::rewritten(const Turn& turn, bool is_scored) {
  RunShape shape;
  shape.self_positions = size(limits_.self_positions);
  shape.cross_positions = size(limits_.cross_positions);
  shape.self_slots = chunk_.self_slots.size();
  shape.rows = chunk_.count;
  shape.stored.clear();
  for (const int slot : chunk_.cross_slots) shape.stored.push_back(stored_of(slot));
  Prepared& prepared = rewritten_[{turn.list, is_scored, 0}];
  NPU_TRY(lower(turn.list, shape, prepared));
  const Binding binding{[this](const BufferPlace& place) { return whole_place(place); },
                        {kActivationsArgument, waste_},
                        chunk_.appended};
  NPU_TRY_ASSIGN(const auto made, streams(prepared.lowered, is_scored, binding));
  for (size_t i = 0; i < made.size(); ++i) {
    if (i < prepared.commands.size()) {
      NPU_TRY(
          prepared.commands[i].set_words(hardware_, made[i].operations, made[i].words, traffic_));
      continue;
    }
    NPU_TRY_ASSIGN(Command command, Command::make(hardware_, made[i].operations, made[i].words));
    NPU_TRY(set_common(command));
    prepared.commands.push_back(std::move(command));
  }
  while (prepared.commands.size() > made.size()) prepared.commands.pop_back();
  return &prepared;
}

Result<void> ArrayContext::bind_parts(Prepared& prepared, size_t cross_slot, size_t cache,
                                      int position) {
  for (Command& command : prepared.commands) {
    if (cross_slot < cross_parts_.size())
      NPU_TRY(command.set_buffer(kCrossArgument, cross_parts_[cross_slot]));
    if (cache >= self_parts_.size()) continue;
    NPU_TRY(command.set_buffer(kSelfArgument, self_parts_[cache]));
    xrt::bo& append = append_parts_[cache][size(position)];
    if (!append) {
      const uint64_t offset = position_offset(position);
      NPU_TRY_ASSIGN(append, self_.part(cache * self_bytes_ + offset, self_bytes_ - offset));
    }
    NPU_TRY(command.set_buffer(kAppendArgument, append));
  }
  return {};
}

}  // namespace npu::array
