// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/row_chunks.h"

#include <algorithm>

namespace npu::array {
namespace {

uint8_t index_of(int slot, std::vector<int>& slots) {
  const auto found = std::find(slots.begin(), slots.end(), slot);
  const auto index = static_cast<uint8_t>(found - slots.begin());
  if (found == slots.end()) slots.push_back(slot);
  return index;
}

}  // namespace

void take_chunk(std::span<const Row> rows, size_t first, RowChunk& to) {
  to.first = first;
  to.count = std::min(kDecodeRows, rows.size() - first);
  to.self_slots.clear();
  to.cross_slots.clear();
  to.rows.clear();
  to.appended.clear();
  for (const Row& row : rows.subspan(first, to.count)) {
    const uint8_t self = index_of(row.self_slot, to.self_slots);
    to.rows.push_back({self, index_of(row.cross_slot, to.cross_slots), row.position});
    to.appended.push_back({self, row.position});
  }
}

}  // namespace npu::array
