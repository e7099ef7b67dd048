// SPDX-License-Identifier: LGPL-2.1-or-later
// The named buffers of a context, through which lists and the host exchange data.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "device/cpu/aligned.h"
#include "device/device.h"

namespace npu::cpu {

class Buffers {
 public:
  // Makes the buffers that `list` names and that are not there yet; `max_rows` stands for
  // kTableRows. Throws std::bad_alloc.
  void add(const OpList& list, int max_rows);

  // The whole buffer, which must exist.
  const Matrix& view(std::string_view name) const { return buffers_.find(name)->second.view; }

  // As Context says.
  Result<void> write(std::string_view name, std::span<const float> data);
  Result<void> read(std::string_view name, std::span<float> data) const;

 private:
  struct Buffer {
    FloatArray data;
    Matrix view;
  };

  Result<const Matrix*> find(std::string_view name, size_t size) const;

  std::map<std::string, Buffer, std::less<>> buffers_;
};

}  // namespace npu::cpu
