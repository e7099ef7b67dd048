// SPDX-License-Identifier: LGPL-2.1-or-later
// Loops over words of DDR as tasks of a shim's channel: what of them the dimensions of a descriptor
// hold, what its iteration, what the repeats of a task, and what is written out.
#pragma once

#include <cstdint>
#include <vector>

#include "device/xrt/stream/stream_writer.h"

namespace npu::array {

// `count` times, `step_bytes` apart, a multiple of 4; 0: the same again.
struct Loop {
  uint32_t count = 1;
  uint64_t step_bytes = 0;
};

// run_words neighbouring words, in loops of which the first is the innermost.
struct Access {
  Place place{};
  uint32_t run_words = 0;
  std::vector<Loop> loops{};
  uint64_t inner_step_bytes = 0;  // of the nest's loops
  uint64_t outer_step_bytes = 0;
};

// for (outer) for (inner) all of `body`, one access after the other.
struct Nest {
  uint32_t outer = 1;
  uint32_t inner = 1;
  std::vector<Access> body{};
};

// The tasks that transfer what the nest says, in order. A nest of one access becomes one descriptor
// where its dimensions and its iteration hold all loops; else accesses follow each other in a
// chain, loops that no dimension holds are written out in it, the inner loop (the outer one, if
// there is no inner) is the iteration of its descriptors, and the outer loop is repeats of the
// task, or, if an access moves with it, tasks. More than 64 iterations and more than 256 repeats
// are several tasks. Fields of the descriptors are not checked: StreamWriter does.
std::vector<Task> tasks_of(const Channel& channel, const Nest& nest);

}  // namespace npu::array
