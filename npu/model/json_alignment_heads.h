// SPDX-License-Identifier: LGPL-2.1-or-later
// The key "alignment_heads" of the configuration files of model folders.
#pragma once

#include <optional>
#include <string>

#include "model/json_file.h"
#include "model/model_contents.h"
#include "result.h"

namespace npu {

// `object`["alignment_heads"], a list of [layer, head], sorted; nullopt if absent, null or empty.
// Errors: kBadModel, naming `file`.
Result<std::optional<AlignmentHeads>> json_alignment_heads(const std::string& file,
                                                           const nlohmann::json& object,
                                                           const ModelDims& dims);

}  // namespace npu
