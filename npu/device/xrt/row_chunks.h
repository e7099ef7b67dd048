// SPDX-License-Identifier: LGPL-2.1-or-later
// Row tables in pieces that the array takes at a time.
#pragma once

#include <span>
#include <vector>

#include "device/device.h"
#include "device/xrt/image/lowering.h"
#include "device/xrt/image/objects.h"

namespace npu::array {

// Up to kDecodeRows neighbouring rows of a table, and the slots that they name, in the order in
// which they first do. RunRow and AppendedRow count those.
struct RowChunk {
  size_t first = 0, count = 0;  // of the table
  std::vector<int> self_slots, cross_slots;
  std::vector<RunRow> rows;
  std::vector<AppendedRow> appended;
};

// The chunk that begins at row `first`. Reuses the memory of `to`.
void take_chunk(std::span<const Row> rows, size_t first, RowChunk& to);

}  // namespace npu::array
