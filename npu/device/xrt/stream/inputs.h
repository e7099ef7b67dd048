// SPDX-License-Identifier: LGPL-2.1-or-later
// The tasks of A and B of an operation, for its rounds from `begin` to before `end`.
#pragma once

#include "device/xrt/stream/transfers.h"

namespace npu::array {

// A of the core row; none if it has no valid rows.
std::vector<Task> a_tasks(const Operation& operation, const Binding& binding, unsigned core_row,
                          uint32_t begin, uint32_t end);

// How an N tile (or head) of B is transferred.
enum class BForm {
  kChain,  // one task for all tiles: a chain of the descriptor and the objects, these as often as
           // they are read
  kTasks,  // two tasks of one BD for each tile: its descriptor; its objects, repeated
};
std::vector<Task> b_tasks(const Operation& operation, const Binding& binding, unsigned column,
                          uint32_t begin, uint32_t end, BForm form);

// Whether the column's descriptor of pass comes within these rounds.
bool passes(const Operation& operation, unsigned column, uint32_t begin, uint32_t end);

}  // namespace npu::array
