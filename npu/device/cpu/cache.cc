// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/cache.h"

#include <algorithm>

#include "device/cpu/kernels.h"

namespace npu::cpu {

Histories::Histories(int slots, int positions)
    : slots_(slots),
      positions_(positions),
      index_(at(slots, 0)),
      lengths_(static_cast<size_t>(slots)),
      old_index_(index_),
      old_lengths_(lengths_),
      users_(static_cast<size_t>(slots)) {}

void Histories::begin(std::span<const int> parents) {
  std::copy(lengths_.begin(), lengths_.end(), old_lengths_.begin());
  for (int slot = 0; slot < slots_; ++slot)
    std::copy_n(rows(slot), lengths_[static_cast<size_t>(slot)], old_index_.data() + at(slot, 0));
  for (size_t slot = 0; slot < parents.size(); ++slot) {
    lengths_[slot] = old_lengths_[static_cast<size_t>(parents[slot])];
    std::copy_n(old_index_.data() + at(parents[slot], 0), lengths_[slot],
                index_.data() + at(static_cast<int>(slot), 0));
  }
}

void Histories::count_users(const std::vector<int>& index, const std::vector<int>& lengths,
                            int slot, int position, int weight) {
  for (int other = 0; other < slots_; ++other)
    if (other != slot && lengths[static_cast<size_t>(other)] > position)
      users_[static_cast<size_t>(index[at(other, position)] - position * slots_)] += weight;
}

void Histories::begin(const OpList& list, const Replay& replay, std::span<int> storage_rows) {
  begin(replay.self_parents);
  const bool appends = std::any_of(list.ops.begin(), list.ops.end(), [](const Op& op) {
    return std::holds_alternative<SelfAttention>(op);
  });
  for (size_t r = 0; appends && r < replay.rows.size(); ++r)
    storage_rows[r] = append(replay.rows[r].self_slot, replay.rows[r].position);
}

int Histories::append(int slot, int position) {
  // A storage row that other slots use is never taken; one that others used before begin() only if
  // there is nothing else. The slot's own number first, which is free unless beams were permuted.
  std::fill(users_.begin(), users_.end(), 0);
  count_users(index_, lengths_, slot, position, slots_ + 1);
  count_users(old_index_, old_lengths_, slot, position, 1);
  const int own = users_[static_cast<size_t>(slot)];
  const auto least = std::min_element(users_.begin(), users_.end());
  const int choice = own == *least ? slot : static_cast<int>(least - users_.begin());
  lengths_[static_cast<size_t>(slot)] = position + 1;
  return index_[at(slot, position)] = position * slots_ + choice;
}

void Histories::undo() {
  lengths_.swap(old_lengths_);
  index_.swap(old_index_);
}

void HeadPanels::reserve(size_t position_count, size_t cols, size_t head_count) {
  positions = position_count;
  heads = head_count;
  head_size = cols / heads;
  keys_per_head = round_up(positions, kPanelCols) * head_size;
  values_per_head = positions * round_up(head_size, kPanelCols);
  if (keys.size() < heads * keys_per_head) keys = FloatArray(heads * keys_per_head);
  if (values.size() < heads * values_per_head) values = FloatArray(heads * values_per_head);
}

void HeadPanels::pack(size_t head, const Matrix& k, const Matrix& v) {
  const size_t c = head * head_size;
  transpose_panels(k.data + c, k.stride, k.rows, head_size, keys.data() + head * keys_per_head);
  copy_panels(v.data + c, v.stride, v.rows, head_size, values.data() + head * values_per_head);
}

}  // namespace npu::cpu
