// SPDX-License-Identifier: LGPL-2.1-or-later
// The self cache (histories by index, so that a beam permutation renames and does not copy) and the
// cross cache.
#pragma once

#include <span>
#include <vector>

#include "device/cpu/aligned.h"
#include "device/device.h"

namespace npu::cpu {

// Which storage row holds position p of slot s. At each position there are as many storage rows as
// slots, so one that no slot refers to can always be found. Shared by all layers.
class Histories {
 public:
  Histories(int slots, int positions);

  std::span<const int> lengths() const { return lengths_; }
  // Starts a replay: slot s continues the history of parents[s].
  void begin(std::span<const int> parents);
  // Starts a replay of `list`: begin(), and if it appends, append() for each row of the table.
  void begin(const OpList& list, const Replay& replay, std::span<int> storage_rows);
  // Chooses a storage row for the next key and value of `slot` at `position`, which becomes its
  // last; returns it.
  int append(int slot, int position);
  // The histories are again what they were before begin(), but for the contents of the positions
  // appended since.
  void undo();
  // Storage rows of positions 0.. of `slot`.
  const int* rows(int slot) const { return index_.data() + at(slot, 0); }
  int storage_rows() const { return slots_ * positions_; }

 private:
  size_t at(int slot, int position) const {
    return static_cast<size_t>(slot) * static_cast<size_t>(positions_) +
           static_cast<size_t>(position);
  }

  void count_users(const std::vector<int>& index, const std::vector<int>& lengths, int slot,
                   int position, int weight);

  int slots_;
  int positions_;
  std::vector<int> index_;
  std::vector<int> lengths_;
  std::vector<int> old_index_;
  std::vector<int> old_lengths_;
  std::vector<int> users_;  // of the storage rows of one position
};

// Keys and values of one layer of the self cache, one row each per storage row.
struct SelfLayer {
  FloatArray keys;
  FloatArray values;
  size_t stride = 0;
};

// One layer of one cross-cache slot, head by head as the matrix kernel reads it: keys in panels of
// positions (transpose_panels), values in panels of columns (copy_panels).
struct HeadPanels {
  // Takes a shape and makes room for it. Throws std::bad_alloc, unless there is room already.
  void reserve(size_t position_count, size_t cols, size_t head_count);
  // Packs head `head` of k and v, whole matrices of that shape.
  void pack(size_t head, const Matrix& k, const Matrix& v);

  const float* head_keys(size_t head) const { return keys.data() + head * keys_per_head; }
  const float* head_values(size_t head) const { return values.data() + head * values_per_head; }

  size_t positions = 0;
  size_t heads = 0;
  size_t head_size = 0;
  size_t keys_per_head = 0;  // floats
  size_t values_per_head = 0;
  FloatArray keys;
  FloatArray values;
};

}  // namespace npu::cpu
