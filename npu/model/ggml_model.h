// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper in whisper.cpp's ggml format: one file with sizes, filters, vocabulary and tensors.
// Source of the layout: ggml-org/whisper.cpp:models/convert-pt-to-ggml.py, src/whisper.cpp
// (whisper_model_load).
#pragma once

#include "model/mapped_file.h"
#include "model/model_contents.h"
#include "result.h"

namespace npu {

inline constexpr uint32_t kGgmlMagic = 0x67676d6c;

// Reads f32, f16, q4_0, q4_1, q5_0, q5_1 and q8_0 files. Errors: kBadModel; kUnsupported for other
// tensor types, by name.
Result<ModelContents> read_ggml_model(const FileBytes& file);

}  // namespace npu
