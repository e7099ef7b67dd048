// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps text to the audio that there is.
#pragma once

#include <optional>

#include "whisper/segment.h"

namespace npu::gst {

// Whisper hears 30 s whatever there is, and sometimes goes on with text and times beyond the end of
// the audio. Gives the part of a segment before `end_s` (of the input): words that begin at or
// after it are dropped, with their text; times beyond it are cut to it. Nothing if nothing is left.
// Words, if there are any, must be in order, as the engine gives them.
std::optional<Segment> heard_part(const Segment& segment, double end_s);

}  // namespace npu::gst
