// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/heads.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/mixed/rows.h"

namespace npu::cpu {
namespace {

// Takes room for `size` elements, and never gives any back.
template <typename T>
void grow(AlignedArray<T>& array, size_t size) {
  if (array.size() < size) array = AlignedArray<T>(size);
}

// A group of a key is one 32-bit number; those of a position lie a panel apart.
void scatter_groups(const void* row, size_t groups, void* panel, size_t position) {
  const auto* from = static_cast<const uint8_t*>(row);
  auto* to = static_cast<uint8_t*>(panel) + position * 4;
  for (size_t g = 0; g < groups; ++g) std::memcpy(to + g * kPanelCols * 4, from + g * 4, 4);
}

}  // namespace

void Bf16Heads::reserve(size_t position_count, size_t cols, size_t head_count) {
  positions = position_count;
  heads = head_count;
  head_size = cols / heads;
  grow(keys, heads * panels() * key_groups() * kPanelCols * 2);
  grow(values, heads * col_panels() * value_groups() * kPanelCols * 2);
}

void Bf16Heads::pack(size_t first, const Matrix& k, const Matrix& v, uint16_t* row) {
  const size_t padded = round_up(k.rows, kPackedPositions);
  const size_t stride = row_stride(head_size);
  for (size_t head = 0; head < heads; ++head) {
    const size_t c = head * head_size;
    for (size_t r = 0; r < padded; ++r) {
      if (r < k.rows)
        bf16_row(k.row(r) + c, head_size, 1, row);
      else
        std::fill_n(row, stride, uint16_t{0});
      const size_t position = first + r;
      auto* panel = const_cast<uint16_t*>(key_panel(head, position / kPanelCols));
      scatter_groups(row, key_groups(), panel, position % kPanelCols);
    }
    for (size_t r = 0; r < padded; r += 2)
      for (size_t panel = 0; panel < col_panels(); ++panel) {
        const auto from = [&](size_t index) {
          return index < v.rows ? v.row(index) + c + panel * kPanelCols : nullptr;
        };
        interleave_bf16(from(r), from(r + 1), head_size - panel * kPanelCols,
                        const_cast<uint16_t*>(value_panel(head, panel, first + r)));
      }
  }
}

void Int8Heads::reserve(size_t position_count, size_t cols, size_t head_count) {
  positions = position_count;
  heads = head_count;
  head_size = cols / heads;
  grow(data, heads * head_bytes());
  for (FloatArray* scale : {&key_scale, &value_scale}) grow(*scale, at(heads, 0));
  grow(key_sum, at(heads, 0));
}

void Int8Heads::pack(size_t first, const Matrix& k, const Matrix& v, int8_t* row) {
  for (size_t head = 0; head < heads; ++head) {
    const size_t c = head * head_size;
    for (size_t r = 0; r < k.rows; ++r) {
      const size_t position = first + r;
      float& scale = key_scale.data()[at(head, position)];
      scale = symmetric_scale(k.row(r) + c, head_size);
      key_sum.data()[at(head, position)] = symmetric_row(k.row(r) + c, head_size, scale, row);
      auto* panel = const_cast<int8_t*>(key_panel(head, position / kPanelCols));
      scatter_groups(row, key_groups(), panel, position % kPanelCols);
    }
    for (size_t r = 0; r < v.rows; r += 4) pack_values(head, first, r, v);
  }
}

// Rows r.. of v, four or what is left of them.
void Int8Heads::pack_values(size_t head, size_t first, size_t r, const Matrix& v) {
  const float* rows[4];
  float scale[4] = {};
  for (size_t i = 0; i < 4; ++i) {
    const bool exists = r + i < v.rows;
    rows[i] = v.row(exists ? r + i : r) + head * head_size;
    if (!exists) continue;
    scale[i] = symmetric_scale(rows[i], head_size);
    value_scale.data()[at(head, first + r + i)] = scale[i];
  }
  for (size_t panel = 0; panel < col_panels(); ++panel) {
    interleave_int8(rows, scale, head_size - panel * kPanelCols,
                    const_cast<int8_t*>(value_panel(head, panel)) + (first + r) * kPanelCols);
    for (const float*& from : rows) from += kPanelCols;
  }
}

void Bf16Queries::reserve(size_t row_count, size_t cols, size_t head_count) {
  rows = row_count;
  heads = head_count;
  head_size = cols / heads;
  grow(data, heads * rows * stride());
}

void Bf16Queries::pack(size_t first, const Matrix& q, float scale) {
  for (size_t head = 0; head < heads; ++head)
    for (size_t r = 0; r < q.rows; ++r)
      bf16_row(q.row(r) + head * head_size, head_size, scale, row(head, first + r));
}

}  // namespace npu::cpu
