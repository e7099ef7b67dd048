// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a live stream is cut into pieces for the engine. Knows no GStreamer.
#pragma once

#include <cstddef>
#include <span>

namespace npu::gst {

// The quietest place of 16 kHz `samples` at or after `least` (index of a sample), so that a cut
// rarely divides a word: the middle of the 200 ms with the least energy, the latest of equals. The
// end, if fewer than 200 ms follow `least`.
size_t quietest_cut(std::span<const float> samples, size_t least);

}  // namespace npu::gst
