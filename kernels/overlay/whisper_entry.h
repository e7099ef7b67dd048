// SPDX-License-Identifier: LGPL-2.1-or-later
// The operations of Whisper as the program of a core. For cores only.
#pragma once

#include "core/core_main.h"
#include "overlay/device_fifo.h"

namespace kernels {

// Returns when a descriptor has come that the program does not know.
template <Program kProgram>
void run_on_core(int32_t row, DeviceInput a, DeviceInput b, DeviceOutput c, int8_t* scratch,
                 int8_t* parameters, int8_t* table) {
  CoreState state = {static_cast<unsigned>(row), scratch,
                     reinterpret_cast<CoreParameters*>(parameters),
                     reinterpret_cast<int16_t*>(table), false};
  core_main<kProgram>(a, b, c, state);
}

}  // namespace kernels
