// SPDX-License-Identifier: LGPL-2.1-or-later
#include "overlay/loopback.h"

#include "overlay/core_steps.h"

namespace {

using kernels::CoreMemory;
using kernels::LoopbackDescriptor;
using kernels::LoopbackReport;
using kernels::LoopCounts;

// Behind the counts: what the descriptor said, and what a report will say.
struct State {
  LoopCounts counts;
  LoopbackDescriptor descriptor;
  LoopbackReport report;
};
static_assert(sizeof(State) <= CoreMemory::kParameters);

State& state(int32_t* parameters) {
  return *reinterpret_cast<State*>(parameters);
}

int32_t first_word(const int8_t* object) {
  int32_t word;
  __builtin_memcpy(&word, object, sizeof word);
  return word;
}

}  // namespace

void npu_core_begin(const int8_t* b, int32_t row, int32_t column, int32_t*, int32_t* parameters,
                    int8_t*) {
  State& own = state(parameters);
  __builtin_memcpy(&own.descriptor, b, sizeof own.descriptor);
  own.report = {row, column, 0, 0, 0, 0};
  own.counts.passes =
      own.descriptor.magic == LoopbackDescriptor::kMagic ? own.descriptor.passes : 0;
}

void npu_core_pass(int32_t*, int32_t* parameters, int8_t*) {
  State& own = state(parameters);
  own.counts.inputs = own.descriptor.inputs;
  own.counts.outputs = own.descriptor.outputs;
}

void npu_core_a(const int8_t* a, int32_t*, int32_t* parameters, int8_t*) {
  State& own = state(parameters);
  own.report.a_objects++;
  own.report.a_words ^= first_word(a);
  own.counts.b_per_input = own.descriptor.b_per_input;
  own.counts.c_per_input = own.descriptor.c_per_input;
}

void npu_core_ab(const int8_t*, const int8_t* b, int32_t*, int32_t* parameters, int8_t*) {
  State& own = state(parameters);
  own.report.b_objects++;
  own.report.b_words ^= first_word(b);
}

void npu_core_ac(const int8_t* a, int8_t* c, int32_t*, int32_t*, int8_t*) {
  for (size_t i = 0; i < CoreMemory::kOutput; i++) c[i] = a[i];
}

void npu_core_c(int8_t* c, int32_t*, int32_t* parameters, int8_t*) {
  const LoopbackReport& report = state(parameters).report;
  __builtin_memcpy(c, &report, sizeof report);
  for (size_t i = sizeof report; i < CoreMemory::kOutput; i++) c[i] = 0;
}
