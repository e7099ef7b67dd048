// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_slots.h"

#include <algorithm>
#include <numeric>

namespace npu::array {

SelfSlots::SelfSlots(int slots)
    : caches_(static_cast<size_t>(slots)),
      old_caches_(caches_.size()),
      lengths_(caches_.size()),
      old_lengths_(caches_.size()),
      users_(2 * caches_.size() - 1) {
  std::iota(caches_.begin(), caches_.end(), size_t{0});
  copies_.reserve(caches_.size());
}

size_t SelfSlots::unused() const {
  return static_cast<size_t>(std::find(users_.begin(), users_.end(), 0) - users_.begin());
}

std::span<const CacheCopy> SelfSlots::begin(std::span<const int> parents) {
  old_caches_ = caches_;
  old_lengths_ = lengths_;
  copies_.clear();
  std::fill(users_.begin(), users_.end(), 0);
  for (const size_t cache : old_caches_) users_[cache] = 1;
  const auto is_taken = [&](size_t cache) { return users_[cache] > 1; };
  const auto take = [&](size_t slot, size_t parent) {
    caches_[slot] = old_caches_[parent];
    users_[caches_[slot]] = 2;
  };
  // Who goes on with its own cache keeps it, whoever else continues that.
  for (size_t slot = 0; slot < caches_.size(); ++slot)
    if (slot >= parents.size() || static_cast<size_t>(parents[slot]) == slot) take(slot, slot);
  for (size_t slot = 0; slot < parents.size(); ++slot) {
    const auto parent = static_cast<size_t>(parents[slot]);
    if (parent == slot) continue;
    lengths_[slot] = old_lengths_[parent];
    if (!is_taken(old_caches_[parent])) {
      take(slot, parent);
      continue;
    }
    caches_[slot] = unused();
    users_[caches_[slot]] = 2;
    if (lengths_[slot] > 0) copies_.push_back({old_caches_[parent], caches_[slot], lengths_[slot]});
  }
  return copies_;
}

void SelfSlots::undo() {
  caches_ = old_caches_;
  lengths_ = old_lengths_;
}

}  // namespace npu::array
