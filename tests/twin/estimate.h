// SPDX-License-Identifier: LGPL-2.1-or-later
// Predicted times of streams. Arithmetic on counts, never measured: the twin itself knows no time.
#pragma once

#include <string>
#include <vector>

#include "array.h"

namespace npu::twin {

// In cycles of the array's clock. Controller and streams: figures seen on silicon by others; cores:
// docs/npu.md, "Cycles", the middle of a range.
struct Costs {
  double clock_ghz = 1.0;
  double memory_gb_per_s = 20;  // the low end of what may be expected

  double launch = 28'500;
  double write = 100, mask_write = 210;
  double bd = 203;  // eight words in a block
  double patch = 100;
  double first_task = 3'050, task = 520;        // starts on an idle array, and the others
  double first_data = 1'200;                    // from the start of a task
  double read_words = 0.95, write_words = 1.0;  // of a stream, a cycle
  double ahead_words = (12 + 2) * 2'048;        // of B, in a memory tile and a core

  double descriptor = 292;  // to copy what is kept of it
  double pair = 784;        // of objects of a product, 16 rows
  double requantise = 512;  // 16 rows of a tile, as all below
  double residual = 575, gelu = 1'536, add = 160, topk = 1'536, logits = 200;
  double norm_sums = 1'150.0 / 4, norm_rows = 16 * 150, norm_tile = 704;
  double attention_block = 2'450, attention_end = 2'500, scores = 592;
};

// What is predicted from.
struct Step {
  Segment counted;   // all but what the cores do
  std::string what;  // the cores' operations
  double cores = 0;  // cycles of the slowest core
  double last = 0;   // of them, those behind its last objects
};

struct Prediction {
  size_t first, end;                          // operations of the stream
  std::string what;                           // the core's operations
  double controller, streams, memory, cores;  // cycles, each by itself
  double prefetched;                          // words of B that have come before the step begins
  double total;                               // from the end of the step before to that of this
};

// The steps one behind the other. A step begins when its last task of A or C is started, which
// takes the controller's time; then it takes the longest of its streams, the memory and, behind the
// first object of A, its cores; then what the cores do behind their last objects or an object of C
// leaves, whichever is longer. What the controller prepares for the next step is beside it. B that
// was started early has come as far as it finds room, its channel was idle and the memory too.
std::vector<Prediction> predict(const std::vector<Step>& steps, const Costs& costs = {});

// Of a run without a fault.
std::vector<Prediction> predict(const Report& report, const Target& target = {},
                                const Costs& costs = {});

// Cycles of an operation in core row `row`; `last` is what follows its last objects.
double core_cycles(const CoreOperation& operation, unsigned row, const Costs& costs = {});
double last_cycles(const CoreOperation& operation, unsigned row, const Costs& costs = {});

// "product"; of a list of operations.
std::string name_of(const kernels::DescriptorHead& head);

// A line for each, and the sum with the launch.
std::string to_text(const std::vector<Prediction>& predictions, const Costs& costs = {});

}  // namespace npu::twin
