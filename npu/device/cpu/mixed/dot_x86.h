// SPDX-License-Identifier: LGPL-2.1-or-later
// The variants that exist on x86 only; each has a file of its own.
#pragma once

#include "device/cpu/mixed/dot.h"

namespace npu::cpu {

void avx512_vnni_int8(const Int8Panel& panel);
void avx_vnni_int8(const Int8Panel& panel);
void avx512_bf16_product(const Bf16Panel& panel);
void avx512_bf16_softmax(const SoftmaxBlock& block);
void amx_int8(const Int8Panel& panel);
void amx_bf16(const Bf16Panel& panel);
void amx_rest();
inline constexpr size_t kAmxAhead = 6144;  // bytes: how far few rows fetch ahead

// Asks the kernel for the tiles' registers, which it gives a process only on request: false if it
// does not, as before Linux 5.16 or where a thread's signal stack is too small for them.
bool may_use_tiles();

}  // namespace npu::cpu
