// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the engine's text fit to be a text buffer. Knows no GStreamer.
#pragma once

#include <string>
#include <string_view>

namespace npu::gst {

// Valid UTF-8 without what breaks readers further down: no white space around it or around line
// ends, no blank lines, no control characters or NUL (they become spaces), no byte order mark, no
// "-->" (it becomes an arrow: subtitle files use it between times). Broken bytes become U+FFFD.
// Empty if nothing to show is left.
std::string clean_cue_text(std::string_view raw);

}  // namespace npu::gst
