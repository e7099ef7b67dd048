// SPDX-License-Identifier: LGPL-2.1-or-later
#include "overlay/whisper_entry.h"

void npu_core_main(int32_t row, int32_t a0, int32_t a1, int32_t a_full, int32_t a_free, int32_t b0,
                   int32_t b1, int32_t b_full, int32_t b_free, int32_t c0, int32_t c_full,
                   int32_t c_free, int8_t* scratch, int8_t* parameters, int8_t* table) {
  kernels::run_on_core<kernels::Program::kWhisper>(
      row, kernels::device_input(a0, a1, a_full, a_free),
      kernels::device_input(b0, b1, b_full, b_free), kernels::device_output(c0, c_full, c_free),
      scratch, parameters, table);
}
