// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/buffers.h"

#include <cstring>

#include "device/check.h"

namespace npu::cpu {

void Buffers::add(const OpList& list, int max_rows) {
  for (const Value& value : list.values) {
    if (value.buffer.empty()) continue;
    const auto rows = static_cast<size_t>(value.rows == kTableRows ? max_rows : value.rows);
    const auto cols = static_cast<size_t>(value.cols);
    const auto known = buffers_.find(value.buffer);
    if (known != buffers_.end() && known->second.view.rows >= rows) continue;
    Buffer buffer{FloatArray(rows * row_stride(cols)), {}};
    buffer.view = {buffer.data.data(), row_stride(cols), rows, cols};
    buffers_.insert_or_assign(value.buffer, std::move(buffer));
  }
}

Result<const Matrix*> Buffers::find(std::string_view name, size_t size) const {
  const auto found = buffers_.find(name);
  const bool exists = found != buffers_.end();
  const Matrix view = exists ? found->second.view : Matrix{};
  NPU_TRY(check_buffer(exists, name, view.rows, view.cols, size));
  return &found->second.view;
}

Result<void> Buffers::write(std::string_view name, std::span<const float> data) {
  NPU_TRY_ASSIGN(const Matrix* to, find(name, data.size()));
  for (size_t r = 0; r < to->rows; ++r)
    std::memcpy(to->row(r), data.data() + r * to->cols, to->cols * sizeof(float));
  return {};
}

Result<void> Buffers::read(std::string_view name, std::span<float> data) const {
  NPU_TRY_ASSIGN(const Matrix* from, find(name, data.size()));
  for (size_t r = 0; r < from->rows; ++r)
    std::memcpy(data.data() + r * from->cols, from->row(r), from->cols * sizeof(float));
  return {};
}

}  // namespace npu::cpu
