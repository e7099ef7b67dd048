// SPDX-License-Identifier: LGPL-2.1-or-later
// What the fuzz targets have in common.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "model/mapped_file.h"
#include "model/stored_tensor.h"

namespace npu::fuzz {

inline FileBytes input(const uint8_t* data, size_t size) {
  return {"input", {reinterpret_cast<const std::byte*>(data), size}};
}

// Errors must say something; the value is of no interest.
template <typename T>
bool accepted(const Result<T>& result) {
  if (!result && result.error().message.find("input") == std::string::npos) std::abort();
  return result.has_value();
}

// Every byte of an accepted tensor must be readable.
inline void read(const StoredTensor& tensor) {
  std::vector<float> values(tensor.shape.elements());
  (void)accepted(read_values(tensor, values));
}

}  // namespace npu::fuzz
