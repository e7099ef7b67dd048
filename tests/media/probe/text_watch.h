// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes down what leaves a text pad.
#pragma once

#include <gst/gst.h>

#include "json_lines.h"

namespace npu::testing {

// Writes each buffer, gap, tag list and set of caps that passes `pad`, in order:
//   {"kind": "cue",  "pad", "pts", "duration", "running", "stream", "text"}  times in ns
//   {"kind": "gap",  "pad", "pts", "duration", "running", "missing-data"}
//   {"kind": "tags", "pad", "language-code", "title"}
//   {"kind": "caps", "pad", "caps"}
//   {"kind": "eos" or "flush" or "segment", "pad"}
// `lines` must outlive the pad.
void watch_text(GstPad* pad, JsonLines& lines);

}  // namespace npu::testing
