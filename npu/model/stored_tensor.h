// SPDX-License-Identifier: LGPL-2.1-or-later
// A tensor where it lies in a model file, and its values, checked, as f32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "model/tensor_type.h"
#include "result.h"
#include "tensor.h"

namespace npu {

// Bytes of a tensor, or of some of its rows, borrowed from the mapped file. Readers guarantee
// data.size() == stored_bytes(type, shape.elements()).
struct StoredTensor {
  std::string file;
  std::string name;  // as the file has it
  TensorType type = TensorType::kF32;
  Shape shape;          // outermost first
  uint64_t offset = 0;  // of `data` in the file
  std::span<const std::byte> data;
  // CTranslate2: f32 divisors, one for all values or one per row of axis 0; empty: none.
  // value = stored / scale.
  std::span<const std::byte> scales;
};

// Rows begin..begin+count of axis 0. Preconditions: rank >= 1, the range lies inside, and rows are
// whole blocks.
StoredTensor tensor_rows(const StoredTensor& tensor, size_t begin, size_t count);

// Writes the values to `out` (shape.elements() floats). Errors: kBadModel for a value that is not
// finite and for a scale that is not finite and positive; both name file, byte, tensor and element.
Result<void> read_values(const StoredTensor& tensor, std::span<float> out);

}  // namespace npu
