// SPDX-License-Identifier: LGPL-2.1-or-later
// Which stored self cache is that of which slot. A beam permutation renames caches; one that
// several slots continue must be copied.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace npu::array {

// Positions 0 to before `positions` of one stored cache, to another one.
struct CacheCopy {
  size_t from;
  size_t to;
  int positions;
};

// Allocates nothing after its construction. Not thread-safe.
class SelfSlots {
 public:
  explicit SelfSlots(int slots);

  // As many that a replay never writes to a cache that belonged to a slot before it: undo() finds
  // all of them.
  size_t caches() const { return users_.size(); }
  std::span<const int> lengths() const { return lengths_; }
  size_t cache_of(int slot) const { return caches_[static_cast<size_t>(slot)]; }

  // Starts a replay: slot s continues the history of parents[s]. Returns the copies to be made
  // before it runs; valid until the next begin(). Precondition: parents are slots.
  std::span<const CacheCopy> begin(std::span<const int> parents);
  // The history of `slot` ends with `position`.
  void append(int slot, int position) { lengths_[static_cast<size_t>(slot)] = position + 1; }
  // The slots have the caches and lengths that they had before begin().
  void undo();

 private:
  size_t unused() const;

  std::vector<size_t> caches_, old_caches_;  // by slot
  std::vector<int> lengths_, old_lengths_;
  std::vector<int> users_;  // of each cache: slots before and after
  std::vector<CacheCopy> copies_;
};

}  // namespace npu::array
