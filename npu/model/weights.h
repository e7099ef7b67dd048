// SPDX-License-Identifier: LGPL-2.1-or-later
// The canonical names and shapes of a model's tensors: those of openai/whisper's state_dict, which
// ggml files use as well. Every file reader maps its own names onto these.
#pragma once

#include <string>
#include <vector>

#include "device/op_list.h"
#include "model/dims.h"

namespace npu {

// "encoder.blocks.3." and so on.
std::string encoder_block(int layer);
std::string decoder_block(int layer);

// Every tensor that a model of these dimensions must have, each once, in a fixed order. The
// decoder's output projection is the token embedding.
std::vector<WeightRef> expected_weights(const ModelDims& dims);

}  // namespace npu
