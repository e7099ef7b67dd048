// SPDX-License-Identifier: LGPL-2.1-or-later
// The twin: an NPU array that executes an instruction stream on buffers, with the kernels' own
// program in its cores, and refuses what silicon drops, confuses or hangs on.
//
// Operations of the stream take effect at once and in order. The array moves only while a wait
// lacks its token, and then only what this token needs: a word moves, a core runs, when the token
// cannot come without it. So what a stream may rely on after a wait is what has happened in the
// model, and everything else still counts as running: descriptors that may not be written, ranges
// that may not be touched. At the end of the stream the rest moves, in a fixed order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core.h"
#include "fault.h"
#include "memory.h"
#include "segments.h"
#include "stream.h"

namespace npu::twin {

// Words that a channel reads from memory reach its stream as noise.
struct Noise {
  Channel channel;
  std::vector<uint64_t> words;  // counted from the channel's first of the run, ascending
};

struct RunOptions {
  uint32_t seed = 1;  // of what is on the chip before
  // The array moves at any time, in an order drawn from the seed, as far as it likes. What a stream
  // may not rely on can then have happened: for comparing results, not for finding faults.
  bool shuffled = false;
  // To find out whether anything depends on a word that is read.
  std::vector<Noise> noise = {};
};

struct ChannelReport {
  Channel channel;
  uint64_t tasks, bytes;
};

struct Report {
  std::optional<Fault> fault;  // none: the stream has run to its end
  std::vector<ChannelReport> channels;
  std::vector<uint64_t> a_objects;                // by core row
  std::vector<uint64_t> b_objects;                // by column
  std::vector<uint64_t> c_objects;                // by column, tiles of 4,096 bytes
  std::vector<std::vector<CoreOperation>> cores;  // [column * core rows + row]
  std::vector<Segment> segments;                  // of a run without a fault: all of it
  uint64_t switches;                              // between the threads of array and cores
};

// Owns a thread for each core. One run at a time; arrays are independent of each other.
class Array {
 public:
  Array(const Target& target, kernels::Program program);
  ~Array();

  // Executes the stream. buffers[i] is argument i of the DDR patches; all are borrowed until run()
  // returns. After a fault what it has written is of no use; the next run is not affected.
  Report run(std::span<const uint32_t> words, std::span<const Buffer> buffers,
             const RunOptions& options = {});

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace npu::twin
