// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/tensor_type.h"

#include <cassert>
#include <cstring>

#include "half.h"
#include "model/quantised_blocks.h"

namespace npu {
namespace {

struct TypeRow {
  TensorType type;
  std::string_view name;
  size_t block_values;
  size_t block_bytes;
};

constexpr TypeRow kTypes[] = {
    {TensorType::kF32, "f32", 1, 4},     {TensorType::kF16, "f16", 1, 2},
    {TensorType::kBF16, "bf16", 1, 2},   {TensorType::kI8, "int8", 1, 1},
    {TensorType::kI16, "int16", 1, 2},   {TensorType::kI32, "int32", 1, 4},
    {TensorType::kQ4_0, "q4_0", 32, 18}, {TensorType::kQ4_1, "q4_1", 32, 20},
    {TensorType::kQ5_0, "q5_0", 32, 22}, {TensorType::kQ5_1, "q5_1", 32, 24},
    {TensorType::kQ8_0, "q8_0", 32, 34},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kTypes); ++i)
    if (static_cast<size_t>(kTypes[i].type) != i) return false;
  return true;
}
static_assert(in_order(), "kTypes is indexed by TensorType");

const TypeRow& row(TensorType type) {
  return kTypes[static_cast<size_t>(type)];
}

// The mapping gives no alignment: memcpy becomes one unaligned load.
template <typename Stored, typename Convert>
void convert(std::span<const std::byte> data, std::span<float> out, Convert to_float) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof stored);
    out[i] = to_float(stored);
  }
}

}  // namespace

std::string_view type_name(TensorType type) {
  return row(type).name;
}
size_t block_values(TensorType type) {
  return row(type).block_values;
}
size_t block_bytes(TensorType type) {
  return row(type).block_bytes;
}

std::optional<uint64_t> stored_bytes(TensorType type, uint64_t elements) {
  const uint64_t values = block_values(type);
  const uint64_t bytes = block_bytes(type);
  if (elements % values != 0 || elements / values > UINT64_MAX / bytes) return std::nullopt;
  return elements / values * bytes;
}

void convert_to_f32(TensorType type, std::span<const std::byte> data, std::span<float> out) {
  assert(stored_bytes(type, out.size()) == data.size());
  if (out.empty()) return;
  switch (type) {
    case TensorType::kF32:
      std::memcpy(out.data(), data.data(), data.size());
      return;
    case TensorType::kF16:
      return convert<uint16_t>(data, out, half_to_float);
    case TensorType::kBF16:
      return convert<uint16_t>(data, out, bfloat16_to_float);
    case TensorType::kI8:
      return convert<int8_t>(data, out, [](int8_t value) { return static_cast<float>(value); });
    case TensorType::kI16:
      return convert<int16_t>(data, out, [](int16_t value) { return static_cast<float>(value); });
    case TensorType::kI32:
      return convert<int32_t>(data, out, [](int32_t value) { return static_cast<float>(value); });
    case TensorType::kQ4_0:
      return dequantise_q4_0(data, out);
    case TensorType::kQ4_1:
      return dequantise_q4_1(data, out);
    case TensorType::kQ5_0:
      return dequantise_q5_0(data, out);
    case TensorType::kQ5_1:
      return dequantise_q5_1(data, out);
    case TensorType::kQ8_0:
      return dequantise_q8_0(data, out);
  }
}

}  // namespace npu
