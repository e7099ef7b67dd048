// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/recovery/context_log.h"

#include <algorithm>

namespace npu {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

}  // namespace

ContextLog::ContextLog(std::span<const OpList> lists, const ContextLimits& limits)
    : limits_(limits),
      cross_slots_(size(limits.cross_slots)),
      histories_(size(limits.self_slots)),
      moved_(histories_.size()) {
  for (const OpList& list : lists) {
    ListFacts facts;
    for (const Value& value : list.values) facts.has_rows |= value.rows == kTableRows;
    for (const Op& op : list.ops) {
      facts.stores |= std::holds_alternative<StoreCross>(op);
      if (const auto* scores = std::get_if<AlignmentScores>(&op))
        facts.alignment_heads += scores->chosen.size();
    }
    facts_.push_back(facts);
  }
  for (auto* all : {&histories_, &moved_})
    for (History& history : *all) history.reserve(size(limits.self_positions));
}

void ContextLog::wrote(std::string_view buffer, std::span<const float> data, bool reached) {
  ++sound_.number;
  sound_.buffer = buffer;
  sound_.data.assign(data.begin(), data.end());
  sound_.lists.clear();
  sound_there_ = reached;
}

void ContextLog::ran(size_t list, const Replay& replay) {
  permute(replay.self_parents);
  const ListFacts& facts = facts_[list];
  if (facts.has_rows) {
    for (const Row& row : replay.rows) {
      History& history = histories_[size(row.self_slot)];
      // One that was dropped is whole again from its first row on only.
      if (size(row.position) > history.size()) continue;
      history.resize(size(row.position), {});
      history.push_back({row.token, row.cross_slot, list});
    }
  } else if (facts.stores) {
    stored(size(replay.store_slot), list);
  } else if (std::find(sound_.lists.begin(), sound_.lists.end(), list) == sound_.lists.end()) {
    sound_.lists.push_back(list);
  }
}

void ContextLog::permute(std::span<const int> parents) {
  bool moves = false;
  for (size_t slot = 0; slot < parents.size(); ++slot) moves |= size(parents[slot]) != slot;
  if (!moves) return;
  for (size_t slot = 0; slot < histories_.size(); ++slot)
    moved_[slot] = histories_[slot < parents.size() ? size(parents[slot]) : slot];
  std::swap(histories_, moved_);
}

void ContextLog::stored(size_t slot, size_t list) {
  CrossSlot& to = cross_slots_[slot];
  to.sound = sound_;
  to.list = list;
  to.there = true;
  for (History& history : histories_)
    if (std::any_of(history.begin(), history.end(),
                    [&](const Entry& entry) { return size(entry.cross_slot) == slot; }))
      history.clear();
}

void ContextLog::begin_anew() {
  sound_there_ = caches_there_ = false;
  for (CrossSlot& slot : cross_slots_) slot.there = false;
}

Result<void> ContextLog::prepare(Context& context, size_t list, const CancelToken& cancel,
                                 const Deadline& deadline) {
  // What it is told first may be refused, like a list that there is none of.
  if (list >= facts_.size()) return {};
  return facts_[list].has_rows ? bring_caches(context, cancel, deadline)
                               : bring_sound(context, cancel, deadline);
}

Result<void> ContextLog::hear(Context& context, const Sound& sound, const CancelToken& cancel,
                              const Deadline& deadline) {
  if (sound.number == 0) return {};
  NPU_TRY(context.write(sound.buffer, sound.data));
  for (const size_t list : sound.lists) NPU_TRY(context.run(list, {}, cancel, deadline));
  return {};
}

Result<void> ContextLog::bring_sound(Context& context, const CancelToken& cancel,
                                     const Deadline& deadline) {
  if (sound_there_) return {};
  NPU_TRY(hear(context, sound_, cancel, deadline));
  sound_there_ = true;
  return {};
}

Result<void> ContextLog::bring_caches(Context& context, const CancelToken& cancel,
                                      const Deadline& deadline) {
  if (caches_there_) return {};
  order_.clear();
  for (size_t slot = 0; slot < cross_slots_.size(); ++slot)
    if (!cross_slots_[slot].there && cross_slots_[slot].sound.number > 0) order_.push_back(slot);
  std::sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
    return cross_slots_[a].sound.number < cross_slots_[b].sound.number;
  });
  for (const size_t slot : order_) {
    CrossSlot& missing = cross_slots_[slot];
    sound_there_ = false;  // overwritten
    NPU_TRY(hear(context, missing.sound, cancel, deadline));
    Replay store;
    store.store_slot = static_cast<int>(slot);
    NPU_TRY(context.run(missing.list, store, cancel, deadline));
    missing.there = true;
    sound_there_ = missing.sound.number == sound_.number;
  }
  for (size_t slot = 0; slot < histories_.size(); ++slot)
    NPU_TRY(bring_history(context, slot, cancel, deadline));
  caches_there_ = true;
  return {};
}

// In as few tables as rows of one list fit into.
Result<void> ContextLog::bring_history(Context& context, size_t slot, const CancelToken& cancel,
                                       const Deadline& deadline) {
  const History& history = histories_[slot];
  for (size_t first = 0; first < history.size(); first += rows_.size()) {
    const size_t list = history[first].list;
    rows_.clear();
    for (size_t at = first;
         at < history.size() && rows_.size() < size(limits_.max_rows) && history[at].list == list;
         ++at)
      rows_.push_back({history[at].token, static_cast<int>(at), static_cast<int>(slot),
                       history[at].cross_slot});
    alignment_.resize(facts_[list].alignment_heads * rows_.size() * size(limits_.cross_positions));
    Replay replay;
    replay.rows = rows_;
    replay.alignment = alignment_;
    NPU_TRY(context.run(list, replay, cancel, deadline));
  }
  return {};
}

}  // namespace npu
