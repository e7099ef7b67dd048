// SPDX-License-Identifier: LGPL-2.1-or-later
// The values of a canonical tensor, checked.
#pragma once

#include <span>
#include <string>

#include "model/model_contents.h"
#include "result.h"

namespace npu {

// Fills `out` with the tensor `ref` of `table`, as WeightSource::read() has it; `file` names the
// model where the table cannot. Also checks what the file promises beside it (ModelTensor).
Result<void> read_weight(const std::string& file, const TensorTable& table, const WeightRef& ref,
                         std::span<float> out);

}  // namespace npu
