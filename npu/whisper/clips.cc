// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/clips.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/dims.h"

namespace npu {
namespace {

constexpr int kNoEnd = std::numeric_limits<int>::max();

// Half to even, as Python rounds.
int to_frames(double seconds) {
  return static_cast<int>(std::min(std::nearbyint(seconds * kFramesPerSecond), double{kNoEnd}));
}

}  // namespace

Clips::Clips(std::span<const Clip> clips) {
  for (const Clip& clip : clips)
    ranges_.push_back({to_frames(clip.start_s), clip.end_s < 0 ? kNoEnd : to_frames(clip.end_s)});
  if (ranges_.empty()) ranges_.push_back({0, kNoEnd});
  reset();
}

void Clips::reset() {
  current_ = 0;
  seek_ = ranges_.front().start;
}

std::optional<Clips::Window> Clips::next(int content) {
  while (current_ < ranges_.size()) {
    const int end = std::min(ranges_[current_].end, content);
    if (seek_ < end) return Window{seek_, end, current_};
    if (++current_ < ranges_.size()) seek_ = ranges_[current_].start;
  }
  return std::nullopt;
}

int Clips::first_needed(int seek) const {
  int first = current_ < ranges_.size() ? seek : kNoEnd;
  for (size_t i = current_ + 1; i < ranges_.size(); ++i) first = std::min(first, ranges_[i].start);
  return first;
}

}  // namespace npu
