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
      used_(static_cast<size_t>(slots)) {}

void Histories::permute(std::span<const int> parents) {
  old_index_ = index_;
  old_lengths_ = lengths_;
  for (size_t slot = 0; slot < parents.size(); ++slot) {
    const auto length = old_lengths_[static_cast<size_t>(parents[slot])];
    std::copy_n(old_index_.begin() + static_cast<long>(at(parents[slot], 0)), length,
                index_.begin() + static_cast<long>(at(static_cast<int>(slot), 0)));
    lengths_[slot] = length;
  }
}

int Histories::append(int slot, int position) {
  std::fill(used_.begin(), used_.end(), 0);
  for (int other = 0; other < slots_; ++other)
    if (other != slot && lengths_[static_cast<size_t>(other)] > position)
      used_[static_cast<size_t>(index_[at(other, position)] - position * slots_)] = 1;
  int choice = slot;
  if (used_[static_cast<size_t>(slot)])
    choice = static_cast<int>(std::find(used_.begin(), used_.end(), 0) - used_.begin());
  lengths_[static_cast<size_t>(slot)] = position + 1;
  return index_[at(slot, position)] = position * slots_ + choice;
}

void HeadPanels::reserve(size_t positions, size_t cols, size_t head_count) {
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
