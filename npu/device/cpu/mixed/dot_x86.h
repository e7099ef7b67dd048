// SPDX-License-Identifier: LGPL-2.1-or-later
// The variants that exist on x86 only; each has a file of its own.
#pragma once

#include "device/cpu/mixed/dot.h"

namespace npu::cpu {

void avx512_vnni_int8(const Int8Panel& panel);
void avx_vnni_int8(const Int8Panel& panel);
void avx512_bf16_product(const Bf16Panel& panel);
void avx512_bf16_softmax(const SoftmaxBlock& block);

}  // namespace npu::cpu
