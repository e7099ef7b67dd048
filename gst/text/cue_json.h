// SPDX-License-Identifier: LGPL-2.1-or-later
// A cue as a JSON document; docs/cue.schema.json is its schema. Knows no GStreamer.
#pragma once

#include <string>

#include "text/cue.h"

namespace npu::gst {

// One line that ends with LF, so that a file of documents is JSON Lines. `language`: a tag, "und"
// if it is not known.
std::string cue_json(const TextCue& cue, const std::string& language);

}  // namespace npu::gst
