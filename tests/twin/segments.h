// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream as dependent steps, counted from its words alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stream.h"

namespace npu::twin {

// Operations of the controller.
struct ControllerWork {
  size_t bds = 0, patches = 0, mask_writes = 0, writes = 0, tasks = 0;
};

// A stretch of the stream up to where all its waits are done: a dependent step. Its tasks are
// started, then, while they run, what follows is prepared, then it is waited for.
struct Segment {
  size_t first, end;      // operations of the stream, end exclusive
  ControllerWork before;  // up to the start of the last task of A or C
  ControllerWork beside;  // from there to the waits
  size_t waits = 0;
  // Words of its tasks, by column: A, B, C. A task of B that was started in `beside` of the segment
  // before belongs to this one, unless the column had no other there.
  std::vector<uint64_t> words;
  std::vector<uint64_t> early_b;        // of the words of B, those of such tasks; by column
  std::vector<size_t> core_operations;  // of a run: that each core has begun, at its end
};

// Precondition: the stream has run without a fault.
std::vector<Segment> segments_of(std::span<const Operation> operations, const Target& target);

}  // namespace npu::twin
