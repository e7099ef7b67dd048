// SPDX-License-Identifier: LGPL-2.1-or-later
// Anchors of the engine's time in the stream's.
#include "timeline.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace npu::gst {
namespace {

constexpr int64_t kSecond_ns = 1'000'000'000;
// Time stamps of most containers are rounded to 1 ms: a new anchor for each would only add noise.
constexpr int64_t kRounding_ns = 5'000'000;

}  // namespace

int64_t Timeline::to_ns(int64_t frames) const {
  return frames / rate_ * kSecond_ns + frames % rate_ * kSecond_ns / rate_;
}

int64_t Timeline::to_frames(int64_t ns) const {
  return ns / kSecond_ns * rate_ + (ns % kSecond_ns * rate_ + kSecond_ns / 2) / kSecond_ns;
}

int64_t Timeline::at_frame(int64_t frame) const {
  auto after = std::upper_bound(anchors_.begin(), anchors_.end(), frame,
                                [](int64_t f, const Anchor& anchor) { return f < anchor.frame; });
  const Anchor& anchor = after == anchors_.begin() ? *after : *(after - 1);
  const int64_t ahead = frame - anchor.frame;
  return anchor.pts_ns + (ahead < 0 ? -to_ns(-ahead) : to_ns(ahead));
}

int64_t Timeline::at(double seconds) const {
  // Between two frames too: cue times are finer than a frame of 8 kHz.
  const double frame = seconds * rate_;
  const double whole = std::floor(frame);
  return at_frame(static_cast<int64_t>(whole)) +
         std::llround((frame - whole) * static_cast<double>(kSecond_ns) / rate_);
}

Timeline::Placement Timeline::place(int64_t pts_ns, int64_t frames, int rate, bool discont) {
  pts_ns += shift_ns_;
  if (!started()) return {Action::kRestart, 0, pts_ns};
  const int64_t deviation = pts_ns - end_ns();
  if (std::llabs(deviation) <= kAlign_ns) {
    doubted_frames_ = 0;
    if (!running_ || rate != rate_) return {Action::kRestart, 0, pts_ns};
    if (std::llabs(deviation) > kRounding_ns) anchors_.push_back({frames_, pts_ns});
    return {Action::kAppend, 0, pts_ns};
  }
  if (!discont && running_ && rate == rate_ && std::llabs(deviation) < kDisbelief_ns) {
    doubted_frames_ += frames;
    if (to_ns(doubted_frames_) < kDisbelief_ns) return {Action::kAppend, 0, pts_ns};
  }
  doubted_frames_ = 0;
  if (deviation < -kLongestRepetition_ns) {
    shift_ns_ -= deviation;
    pts_ns -= deviation;
    return {running_ && rate == rate_ ? Action::kAppend : Action::kRestart, 0, pts_ns};
  }
  if (deviation < 0) {
    const int64_t repeated =
        (-deviation / kSecond_ns * rate) + -deviation % kSecond_ns * rate / kSecond_ns;
    return {Action::kSkip, std::min(repeated, frames), pts_ns};
  }
  if (!running_ || rate != rate_ || deviation > kLongestSilence_ns)
    return {Action::kRestart, 0, pts_ns};
  return {Action::kSilence, to_frames(deviation), pts_ns};
}

void Timeline::start(int64_t pts_ns, int rate) {
  anchors_.assign(1, {0, pts_ns});
  frames_ = 0;
  doubted_frames_ = 0;
  rate_ = rate;
  running_ = true;
}

void Timeline::append(int64_t frames) {
  frames_ += frames;
}

void Timeline::forget_before(double seconds) {
  const auto frame = static_cast<int64_t>(std::floor(seconds * rate_));
  auto after = std::upper_bound(anchors_.begin(), anchors_.end(), frame,
                                [](int64_t f, const Anchor& anchor) { return f < anchor.frame; });
  if (after - anchors_.begin() > 1) anchors_.erase(anchors_.begin(), after - 1);
}

}  // namespace npu::gst
