// SPDX-License-Identifier: LGPL-2.1-or-later
// The number types of stored tensors, their sizes, and their values as f32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace npu {

enum class TensorType { kF32, kF16, kBF16, kI8, kI16, kI32, kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0 };

// "f32", "q5_1", ...
std::string_view type_name(TensorType type);

// Values per block: 32 for the q types, else 1.
size_t block_values(TensorType type);
// Bytes per block.
size_t block_bytes(TensorType type);

// Integers that mean nothing without a scale.
constexpr bool needs_scale(TensorType type) {
  return type == TensorType::kI8 || type == TensorType::kI16;
}

// Bytes of `elements` values; nullopt if they are not whole blocks or the size overflows 64 bits.
std::optional<uint64_t> stored_bytes(TensorType type, uint64_t elements);

// Converts the stored values to f32; integers as they are, without a scale.
// data  stored_bytes(type, out.size()) bytes, any alignment
void convert_to_f32(TensorType type, std::span<const std::byte> data, std::span<float> out);

}  // namespace npu
