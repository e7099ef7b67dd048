// SPDX-License-Identifier: LGPL-2.1-or-later
// The safetensors container: named tensors behind a JSON header. Knows no Whisper.
// Source of the layout: huggingface/safetensors:README.md, safetensors/src/tensor.rs.
#pragma once

#include <map>
#include <string>

#include "model/mapped_file.h"
#include "model/stored_tensor.h"
#include "result.h"

namespace npu {

// By name.
using SafetensorsTable = std::map<std::string, StoredTensor>;

// Every type, shape and offset is checked; the tensors fill the file without overlap or gap.
// Errors: kBadModel; kUnsupported for types other than F32, F16 and BF16.
Result<SafetensorsTable> parse_safetensors(const FileBytes& file);

}  // namespace npu
