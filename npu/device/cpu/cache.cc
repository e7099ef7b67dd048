// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/cache.h"

#include <algorithm>

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

void pack_keys(const float* keys, size_t stride, size_t positions, size_t head_size, float* out) {
  for (size_t p = 0; p < positions; ++p) {
    float* panel = out + p / kPanelCols * head_size * kPanelCols + p % kPanelCols;
    for (size_t i = 0; i < head_size; ++i) panel[i * kPanelCols] = keys[p * stride + i];
  }
}

}  // namespace npu::cpu
