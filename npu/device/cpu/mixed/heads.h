// SPDX-License-Identifier: LGPL-2.1-or-later
// Keys and values of attention, head by head, as the dot products read them.
#pragma once

#include <cstdint>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot.h"
#include "device/cpu/mixed/rows.h"

namespace npu::cpu {

// Positions packed at once begin at a multiple of this, and all but the last of a whole are as
// many.
inline constexpr size_t kPackedPositions = kPanelCols;

// Keys in panels of positions, [panel][group of cols][position][col in group]; values in panels of
// columns, [panel][group of positions][col][position in group]; bfloat16, two to a group.
struct Bf16Heads {
  // Takes a shape and makes room for it. Throws std::bad_alloc, unless there is room already.
  void reserve(size_t position_count, size_t cols, size_t head_count);
  // Packs rows first.. of k and v, all heads. `first` is a multiple of kPackedPositions, and so is
  // the number of rows unless they are the last. `row` is scratch for a head's row in whole
  // panels.
  void pack(size_t first, const Matrix& k, const Matrix& v, uint16_t* row);

  const uint16_t* key_panel(size_t head, size_t panel) const {
    return keys.data() + (head * panels() + panel) * key_groups() * kPanelCols * 2;
  }
  // Begins at `position`, which is even.
  const uint16_t* value_panel(size_t head, size_t panel, size_t position) const {
    return values.data() +
           ((head * col_panels() + panel) * value_groups() + position / 2) * kPanelCols * 2;
  }
  size_t panels() const { return (positions + kPanelCols - 1) / kPanelCols; }
  size_t col_panels() const { return (head_size + kPanelCols - 1) / kPanelCols; }
  size_t key_groups() const { return (head_size + 1) / 2; }
  size_t value_groups() const { return panels() * kPanelCols / 2; }

  size_t positions = 0, heads = 0, head_size = 0;
  AlignedArray<uint16_t> keys, values;
};

// The same in int8, four to a group, symmetric with a scale for each position and head. The values
// of a head lie behind its keys, in the order in which they are read.
struct Int8Heads {
  void reserve(size_t position_count, size_t cols, size_t head_count);
  // As above.
  void pack(size_t first, const Matrix& k, const Matrix& v, int8_t* row);

  const int8_t* key_panel(size_t head, size_t panel) const {
    return data.data() + head * head_bytes() + panel * key_groups() * kPanelCols * 4;
  }
  const int8_t* value_panel(size_t head, size_t panel) const {
    return data.data() + head * head_bytes() + key_bytes() +
           panel * value_groups() * kPanelCols * 4;
  }
  // [panels * kPanelCols] each.
  const float* head_key_scale(size_t head) const { return key_scale.data() + at(head, 0); }
  const int32_t* head_key_sum(size_t head) const { return key_sum.data() + at(head, 0); }
  const float* head_value_scale(size_t head) const { return value_scale.data() + at(head, 0); }
  size_t at(size_t head, size_t position) const { return head * panels() * kPanelCols + position; }
  size_t panels() const { return (positions + kPanelCols - 1) / kPanelCols; }
  size_t col_panels() const { return (head_size + kPanelCols - 1) / kPanelCols; }
  size_t key_groups() const { return (head_size + 3) / 4; }
  // As many as weights have; those of 0 may meet anything behind the positions.
  size_t value_groups() const { return round_up(positions, kSoftmaxMultiple) / 4; }
  size_t key_bytes() const { return panels() * key_groups() * kPanelCols * 4; }
  size_t head_bytes() const { return key_bytes() + col_panels() * value_groups() * kPanelCols * 4; }

  void pack_values(size_t head, size_t first, size_t r, const Matrix& v);

  size_t positions = 0, heads = 0, head_size = 0;
  AlignedArray<int8_t> data;          // [head][keys, values]
  FloatArray key_scale, value_scale;  // [head][position]
  AlignedArray<int32_t> key_sum;      // of the q of a key
};

// Queries in bfloat16, head by head: [head][row][2 groups].
struct Bf16Queries {
  void reserve(size_t row_count, size_t cols, size_t head_count);
  // Packs rows of q, scaled, as rows first.. of all heads.
  void pack(size_t first, const Matrix& q, float scale);
  uint16_t* row(size_t head, size_t index) {
    return data.data() + (head * rows + index) * stride();
  }
  const uint16_t* row(size_t head, size_t index) const {
    return data.data() + (head * rows + index) * stride();
  }
  // Room for the whole vectors that bf16_row() writes, and no shared cache sets.
  size_t stride() const { return round_up(head_size, kPanelCols); }

  size_t rows = 0, heads = 0, head_size = 0;
  AlignedArray<uint16_t> data;
};

}  // namespace npu::cpu
