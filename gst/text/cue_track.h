// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of what leaves the element: cues that never overlap, and gaps between them. Knows no
// GStreamer.
#pragma once

#include <cstdint>

namespace npu::gst {

// A stretch of stream time, ns.
struct Stretch {
  int64_t start_ns;
  int64_t duration_ns;
};

// Keeps the position of a text stream: everything before it has been said. One thread at a time.
class CueTrack {
 public:
  // Overlays and muxers wait for text as long as the longest gap.
  static constexpr int64_t kLongestGap_ns = 500'000'000;
  // A cue that clamping leaves nothing of is still shown for as long.
  static constexpr int64_t kShortestCue_ns = 100'000'000;

  // Begins at `position_ns`: a new segment.
  void restart(int64_t position_ns) { position_ns_ = position_ns; }
  int64_t position_ns() const { return position_ns_; }

  // Clamps start_ns .. end_ns so that it begins at or after the position and lasts.
  Stretch clamp(int64_t start_ns, int64_t end_ns) const;

  // Calls `gap(Stretch)` for each piece of the way from the position to `until_ns`, none longer
  // than kLongestGap_ns, and moves the position. Stops when `gap` returns false. Nothing if
  // `until_ns` is not ahead. Precondition: nothing will start before `until_ns` any more.
  template <typename Gap>
  bool advance(int64_t until_ns, Gap&& gap) {
    while (position_ns_ < until_ns) {
      const int64_t left = until_ns - position_ns_;
      const Stretch piece{position_ns_, left < kLongestGap_ns ? left : kLongestGap_ns};
      position_ns_ += piece.duration_ns;
      if (!gap(piece)) return false;
    }
    return true;
  }

  // Moves the position behind a cue.
  void passed(const Stretch& cue) { position_ns_ = cue.start_ns + cue.duration_ns; }

 private:
  int64_t position_ns_ = 0;
};

}  // namespace npu::gst
