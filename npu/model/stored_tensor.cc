// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/stored_tensor.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

#include "model/byte_reader.h"

namespace npu {
namespace {

float load_float(std::span<const std::byte> data, size_t index) {
  float value;
  std::memcpy(&value, data.data() + index * sizeof value, sizeof value);
  return value;
}

// One pass without branches: all values are finite in practice.
bool all_finite(std::span<const float> values) {
  uint32_t bad = 0;
  for (const float value : values) {
    const uint32_t exponent = std::bit_cast<uint32_t>(value) & 0x7f800000u;
    bad |= exponent == 0x7f800000u;
  }
  return bad == 0;
}

Result<void> divide_by_scales(const StoredTensor& tensor, std::span<float> out) {
  const size_t count = tensor.scales.size() / sizeof(float);
  const size_t per_scale = out.size() / count;
  for (size_t row = 0; row < count; ++row) {
    const float scale = load_float(tensor.scales, row);
    if (!(scale > 0) || !std::isfinite(scale))
      return bad_file(tensor.file, tensor.offset, "tensor ", printable(tensor.name), ": scale ",
                      row, ": expected a positive number, found ", scale);
    for (float& value : out.subspan(row * per_scale, per_scale)) value /= scale;
  }
  return {};
}

}  // namespace

StoredTensor tensor_rows(const StoredTensor& tensor, size_t begin, size_t count) {
  assert(tensor.shape.rank() >= 1 && begin + count <= tensor.shape[0]);
  const size_t rows = tensor.shape[0];
  const size_t row_bytes = tensor.data.size() / rows;
  StoredTensor part = tensor;
  std::vector<size_t> extents(tensor.shape.extents().begin(), tensor.shape.extents().end());
  extents[0] = count;
  part.shape = Shape(std::move(extents));
  part.offset += begin * row_bytes;
  part.data = tensor.data.subspan(begin * row_bytes, count * row_bytes);
  if (tensor.scales.size() == rows * sizeof(float))
    part.scales = tensor.scales.subspan(begin * sizeof(float), count * sizeof(float));
  return part;
}

Result<void> read_values(const StoredTensor& tensor, std::span<float> out) {
  assert(out.size() == tensor.shape.elements());
  convert_to_f32(tensor.type, tensor.data, out);
  if (!tensor.scales.empty()) NPU_TRY(divide_by_scales(tensor, out));
  if (all_finite(out)) return {};
  size_t index = 0;
  while (std::isfinite(out[index])) ++index;
  const size_t byte = index / block_values(tensor.type) * block_bytes(tensor.type);
  return bad_file(tensor.file, tensor.offset + byte, "tensor ", printable(tensor.name),
                  ": element ", index, ": expected a finite number, found ", out[index]);
}

}  // namespace npu
