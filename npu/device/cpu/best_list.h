// SPDX-License-Identifier: LGPL-2.1-or-later
// The best candidates of what has been looked at so far.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include "device/score.h"

namespace npu::cpu {

// The best of those that were added, as many as there is room for: descending by logit, ascending
// by id among equals, whatever order they came in.
class BestList {
 public:
  // Goes on with the first `count` of `room`. Borrows both.
  BestList(std::span<Candidate> room, size_t& count) : room_(room), count_(count) {}

  void add(const Candidate& candidate) {
    if (full()) {
      if (room_.empty() || !before(candidate, room_.back())) return;
      --count_;
    }
    size_t place = count_++;
    for (; place > 0 && before(candidate, room_[place - 1]); --place)
      room_[place] = room_[place - 1];
    room_[place] = candidate;
  }

  std::span<const Candidate> found() const { return room_.first(count_); }
  size_t most() const { return room_.size(); }
  bool full() const { return count_ == room_.size(); }
  // No candidate with a logit below it is added.
  float least() const {
    if (!full()) return -std::numeric_limits<float>::infinity();
    return room_.empty() ? std::numeric_limits<float>::infinity() : room_.back().logit;
  }

 private:
  static bool before(const Candidate& a, const Candidate& b) {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
  }

  std::span<Candidate> room_;
  size_t& count_;
};

}  // namespace npu::cpu
