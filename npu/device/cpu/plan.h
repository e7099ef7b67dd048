// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the temporaries of a list lie: values that are never needed at the same time share memory.
#pragma once

#include <span>
#include <vector>

#include "device/device.h"

namespace npu::cpu {

// Offsets, in floats, of each value of a list in an arena; values that are not in it have offset 0.
struct Plan {
  std::vector<size_t> offsets;
  size_t size = 0;
};

// Values that an operation reads or writes.
std::vector<ValueId> operands_of(const Op& op);

// Floats that a value takes in an arena: nothing if it has a buffer. `max_rows` stands for
// kTableRows.
size_t arena_size(const Value& value, size_t max_rows);

// `operands[step]` names the values that step `step` reads or writes; they are needed from the
// first to the last step that names them. `sizes` holds the floats of each value, 0 for those that
// lie elsewhere.
Plan place_values(std::span<const std::vector<ValueId>> operands, std::span<const size_t> sizes);

// The plan of a list that is run operation by operation.
Plan plan_temporaries(const OpList& list, size_t max_rows);

}  // namespace npu::cpu
