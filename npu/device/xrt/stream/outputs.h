// SPDX-License-Identifier: LGPL-2.1-or-later
// The tasks of C of an operation: where what the cores of a column give goes in DDR.
#pragma once

#include "device/xrt/stream/transfers.h"

namespace npu::array {

struct ColumnOutput {
  std::vector<Task> tasks;
  // The last object leaves with the column's last tile of these rounds. Else what that tile gave
  // waits in an object that is not full.
  bool ends_with_its_tile = false;
};

// The objects that leave while the column works on rounds `begin` to before `end`.
ColumnOutput c_tasks(const Operation& operation, const Binding& binding, unsigned column,
                     uint32_t begin, uint32_t end);

}  // namespace npu::array
