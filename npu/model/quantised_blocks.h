// SPDX-License-Identifier: LGPL-2.1-or-later
// ggml's quantised blocks of 32 values, to f32.
// Source of the layouts: ggml-org/ggml:src/ggml-common.h, src/ggml-quants.c.
#pragma once

#include <cstddef>
#include <span>

namespace npu {

inline constexpr size_t kBlockValues = 32;

// Each: `out` has 32 n values, `blocks` n blocks of the type's size without gaps, any alignment.
// d and m are f16. Nibble i of qs is the low half of byte i for i < 16, the high half of byte
// i - 16 above; bit i of the little-endian u32 qh is the fifth bit of value i.
void dequantise_q4_0(std::span<const std::byte> blocks, std::span<float> out);  // d, qs[16]
void dequantise_q4_1(std::span<const std::byte> blocks, std::span<float> out);  // d, m, qs[16]
void dequantise_q5_0(std::span<const std::byte> blocks, std::span<float> out);  // d, qh, qs[16]
void dequantise_q5_1(std::span<const std::byte> blocks, std::span<float> out);  // d, m, qh, qs[16]
void dequantise_q8_0(std::span<const std::byte> blocks, std::span<float> out);  // d, i8[32]

}  // namespace npu
