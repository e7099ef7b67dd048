// SPDX-License-Identifier: LGPL-2.1-or-later
// For cores only.
#include <aie_api/aie.hpp>

#include "overlay/device_fifo.h"
#include "overlay/loopback.h"

void npu_core_main(int32_t row, int32_t a0, int32_t a1, int32_t a_full, int32_t a_free, int32_t b0,
                   int32_t b1, int32_t b_full, int32_t b_free, int32_t c0, int32_t c_full,
                   int32_t c_free, int8_t*, int8_t*, int8_t*) {
  kernels::DeviceInput a = kernels::device_input(a0, a1, a_full, a_free);
  kernels::DeviceInput b = kernels::device_input(b0, b1, b_full, b_free);
  kernels::DeviceOutput c = kernels::device_output(c0, c_full, c_free);
  kernels::Loopback loopback(a, b, c, row);
  for (;;) loopback.operation();
}
