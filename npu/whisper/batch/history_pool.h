// SPDX-License-Identifier: LGPL-2.1-or-later
// Self slots of the texts of a batch.
#pragma once

#include <optional>
#include <vector>

namespace npu {

// Every text has `own` histories of its own. What needs more, as fallback with its samples does,
// borrows one of a few sets: histories are a large part of the memory, and fallback is rare.
class HistoryPool {
 public:
  // `most`: what any text may need at once. `sets`: how many may need more than their own.
  HistoryPool(int texts, int own, int most, int sets)
      : own_(own), most_(most), first_set_(texts * own), sets_(most > own ? sets : 0) {
    for (int set = sets_; set-- > 0;) free_.push_back(first_set_ + set * most_);
  }

  int slots() const { return first_set_ + sets_ * most_; }
  int own_slot(int text) const { return text * own_; }
  bool fits_own(int histories) const { return histories <= own_; }

  // First slot of a set; nothing if all are lent.
  std::optional<int> borrow() {
    if (free_.empty()) return std::nullopt;
    const int slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(int slot) { free_.push_back(slot); }

 private:
  int own_;
  int most_;
  int first_set_;
  int sets_;
  std::vector<int> free_;
};

}  // namespace npu
