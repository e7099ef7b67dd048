// SPDX-License-Identifier: LGPL-2.1-or-later
// What the loop of a core calls; core_loop.py is the loop, and says when. A program of the cores is
// one object file with these six functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/tile.h"

namespace kernels {

// The first words of the parameters. A step leaves in them how often the loop goes on; a count is
// read after the step that sets it, and not before.
struct LoopCounts {
  int32_t passes;       // by begin
  int32_t inputs;       // by pass: A objects
  int32_t outputs;      // by pass: C objects after them
  int32_t b_per_input;  // by a: B objects while this A object is there
  int32_t c_per_input;  // by a: C objects while this A object is there
  int32_t unused[3];
};
static_assert(sizeof(LoopCounts) == 32);  // what follows in the parameters stays aligned

}  // namespace kernels

// a, b   objects of kObjectBytes, c of CoreMemory::kOutput bytes: valid during the call. A C object
// must
//        be filled whole, since all of it goes out.
// row    0 to 3, column 0 to the last of the array: where this core is.
// scratch, parameters, table   this core's buffers, of the sizes in CoreMemory; nobody else writes
// them.
extern "C" {
void npu_core_begin(const int8_t* b, int32_t row, int32_t column, int32_t* scratch,
                    int32_t* parameters, int8_t* table);
void npu_core_pass(int32_t* scratch, int32_t* parameters, int8_t* table);
void npu_core_a(const int8_t* a, int32_t* scratch, int32_t* parameters, int8_t* table);
void npu_core_ab(const int8_t* a, const int8_t* b, int32_t* scratch, int32_t* parameters,
                 int8_t* table);
void npu_core_ac(const int8_t* a, int8_t* c, int32_t* scratch, int32_t* parameters, int8_t* table);
void npu_core_c(int8_t* c, int32_t* scratch, int32_t* parameters, int8_t* table);
}
