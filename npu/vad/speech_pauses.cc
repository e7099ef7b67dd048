// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_pauses.h"

#include <algorithm>

#include "model/dims.h"
#include "vad/vad_model.h"

namespace npu {
namespace {

constexpr float kHysteresis = 0.15F;
constexpr float kLowestExit = 0.01F;
// Of chunks: fewer are the closure of a consonant as often as a pause.
constexpr int64_t kLeast = 3 * static_cast<int64_t>(kVadChunkSamples);

FrameSpan frames_of(int64_t begin, int64_t end) {
  return {static_cast<int>((begin + kHopSamples - 1) / kHopSamples),
          static_cast<int>(end / kHopSamples)};
}

}  // namespace

SpeechPauses::SpeechPauses(float threshold)
    : enter_(threshold), leave_(std::max(threshold - kHysteresis, kLowestExit)) {}

void SpeechPauses::push(float probability) {
  if (probability >= enter_) {
    if (quiet_ && now_ - *quiet_ >= kLeast) over_.push_back(frames_of(*quiet_, now_));
    quiet_.reset();
  } else if (probability < leave_ && !quiet_) {
    quiet_ = now_;
  }
  now_ += static_cast<int64_t>(kVadChunkSamples);
}

void SpeechPauses::reset() {
  now_ = 0;
  quiet_.reset();
  over_.clear();
}

void SpeechPauses::discard_before(int frame) {
  while (!over_.empty() && over_.front().end < frame) over_.pop_front();
}

std::vector<FrameSpan> SpeechPauses::between(int from, int until) const {
  std::vector<FrameSpan> found;
  const auto offer = [&](FrameSpan pause) {
    pause.begin = std::max(pause.begin, from);
    pause.end = std::min(pause.end, until);
    if (pause.begin < pause.end) found.push_back(pause);
  };
  for (const FrameSpan& pause : over_) offer(pause);
  if (quiet_ && now_ - *quiet_ >= kLeast) offer(frames_of(*quiet_, now_));
  return found;
}

}  // namespace npu
