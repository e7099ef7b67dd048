// SPDX-License-Identifier: LGPL-2.1-or-later
// The variant for CPUs without such instructions: exact 16-bit products, and bfloat16 as f32.
#pragma once

#include "device/cpu/mixed/dot.h"

namespace npu::cpu {

void portable_int8(const Int8Panel& panel);
void portable_bf16(const Bf16Panel& panel);
void portable_softmax(const SoftmaxBlock& block);

}  // namespace npu::cpu
