// SPDX-License-Identifier: LGPL-2.1-or-later
// The variants that exist on AArch64 only; each has a file of its own.
#pragma once

#include "device/cpu/mixed/dot.h"

namespace npu::cpu {

void neon_dotprod_int8(const Int8Panel& panel);
void neon_i8mm_int8(const Int8Panel& panel);
void neon_bf16_product(const Bf16Panel& panel);

}  // namespace npu::cpu
