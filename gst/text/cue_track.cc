// SPDX-License-Identifier: LGPL-2.1-or-later
// Clamping of cues.
#include "text/cue_track.h"

#include <algorithm>

namespace npu::gst {

Stretch CueTrack::clamp(int64_t start_ns, int64_t end_ns) const {
  const int64_t start = std::max(start_ns, position_ns_);
  const int64_t duration = end_ns - start;
  return {start, duration > 0 ? duration : kShortestCue_ns};
}

}  // namespace npu::gst
