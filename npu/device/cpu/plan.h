// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the temporaries of a list lie: values that are never needed at the same time share memory.
#pragma once

#include <vector>

#include "device/device.h"

namespace npu::cpu {

// Offsets, in floats, of each value of `list` in an arena; values with a buffer name have none
// (offset 0).
struct Plan {
  std::vector<size_t> offsets;
  size_t size = 0;
};

// `max_rows` stands for kTableRows.
Plan plan_temporaries(const OpList& list, size_t max_rows);

}  // namespace npu::cpu
