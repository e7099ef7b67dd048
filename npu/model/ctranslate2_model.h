// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper in a CTranslate2 (faster-whisper) directory.
#pragma once

#include <string>
#include <string_view>

#include "model/mapped_file.h"
#include "model/model_contents.h"
#include "result.h"

namespace npu {

// Reads model.bin: sizes from shapes, layers by counting, fused Q, K, V taken apart, int8 and int16
// with their scales. The vocabulary and the alignment heads lie in other files. Errors: kBadModel,
// kUnsupported.
Result<ModelContents> read_ctranslate2_model(const FileBytes& model);

// The alignment heads in config.json; nullopt if it lists none. Errors: kBadModel.
Result<std::optional<AlignmentHeads>> read_ctranslate2_config(const std::string& file,
                                                              std::string_view content,
                                                              const ModelDims& dims);

}  // namespace npu
