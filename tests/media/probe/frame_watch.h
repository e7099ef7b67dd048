// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes down what pictures arrive at a sink, and how much white text is on them.
#pragma once

#include <gst/gst.h>

#include "json_lines.h"

namespace npu::testing {

// Writes each frame of raw video that reaches `pad`, in order:
//   {"kind": "frame", "at": element, "running", "duration", "bright"}
// "bright" counts the pixels with a luma of 128 or more of 255; null in formats without a luma
// plane of 8 bits. On a black picture that is rendered text. `lines` must outlive the pad.
void watch_frames(GstPad* pad, JsonLines& lines);

}  // namespace npu::testing
