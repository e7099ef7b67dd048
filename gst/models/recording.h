// SPDX-License-Identifier: LGPL-2.1-or-later
// The sound of a file as the engine hears it.
#pragma once

#include <string>
#include <vector>

#include "cancel.h"
#include "result.h"

namespace npu::models {

// The first audio track of anything that GStreamer decodes: 16 kHz, mono. Every message names the
// file. Errors: kNotFound, kIo (no medium, no audio in it, a decoder is missing), kCancelled.
Result<std::vector<float>> read_recording(const std::string& path, const CancelToken& cancel);

}  // namespace npu::models
