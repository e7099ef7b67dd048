// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_gate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/dims.h"

namespace npu {
namespace {

constexpr double kPad_s = 0.2;
constexpr double kMinSilence_s = 0.5;
constexpr int kLeastRest = 35;  // frames
constexpr int kNever = std::numeric_limits<int>::max();

int to_frame(int64_t sample) {
  return static_cast<int>(std::min<int64_t>(sample / kHopSamples, kNever));
}

double to_seconds(int64_t sample) {
  return static_cast<double>(sample) / kSampleRate;
}

SegmenterOptions segmenter_options(float threshold) {
  SegmenterOptions options;
  options.threshold = threshold;
  options.min_silence_s = kMinSilence_s;
  options.pad_s = kPad_s;
  return options;
}

}  // namespace

SpeechGate::SpeechGate(std::shared_ptr<const VadModel> model, float threshold)
    : probability_(std::move(model)),
      segmenter_(segmenter_options(threshold)),
      pauses_(threshold) {}

void SpeechGate::reset() {
  probability_.reset();
  segmenter_.reset();
  pauses_.reset();
  samples_ = 0;
  stretches_.clear();
  turns_.clear();
  begun_ = false;
}

void SpeechGate::push(std::span<const float> samples) {
  samples_ += static_cast<int64_t>(samples.size());
  probability_.push(samples, probabilities_);
  segment();
}

void SpeechGate::end_input() {
  probability_.end_input(probabilities_);
  segment();
  segmenter_.finish(samples_);
  segment();
}

void SpeechGate::segment() {
  for (const float probability : probabilities_) {
    segmenter_.push(probability);
    pauses_.push(probability);
  }
  probabilities_.clear();
  while (const auto span = segmenter_.take()) {
    // Rounded outwards.
    stretches_.push_back({to_frame(span->start), to_frame(span->end + kHopSamples - 1)});
    if (!begun_) turns_.push_back({true, to_seconds(span->start)});
    turns_.push_back({false, to_seconds(span->end)});
    heard_s_ += std::max(0.0, to_seconds(span->end - span->start) - 2 * kPad_s);
    begun_ = false;
  }
  if (const auto span = segmenter_.speaking(); span && !begun_) {
    turns_.push_back({true, to_seconds(span->start)});
    begun_ = true;
  }
}

std::vector<SpeechTurn> SpeechGate::take_turns() {
  return std::exchange(turns_, {});
}

void SpeechGate::discard_before(int frame) {
  while (!stretches_.empty() && stretches_.front().end < frame) stretches_.pop_front();
  pauses_.discard_before(frame);
}

std::optional<SpeechGate::Stretch> SpeechGate::speaking() const {
  const auto span = segmenter_.speaking();
  if (!span) return std::nullopt;
  return Stretch{to_frame(span->start), to_frame(span->end)};
}

int SpeechGate::settled() const {
  if (const auto now = speaking()) return now->end;
  return to_frame(segmenter_.silent_until());
}

std::optional<int> SpeechGate::next_speech(int from) const {
  for (const Stretch& stretch : stretches_) {
    if (stretch.begin >= from) return stretch.begin;
    if (stretch.end - from >= kLeastRest) return from;
  }
  if (const auto now = speaking()) return std::max(now->begin, from);
  return std::nullopt;
}

std::optional<int> SpeechGate::end_before_pause(int from, int pause, int until) const {
  const auto now = speaking();
  const int quiet = std::min(now ? now->begin : settled(), until);
  for (size_t i = 0; i < stretches_.size(); ++i) {
    if (stretches_[i].end <= from) continue;
    const int next = i + 1 < stretches_.size() ? stretches_[i + 1].begin : quiet;
    if (std::min(next, until) - stretches_[i].end >= pause) return stretches_[i].end;
  }
  return std::nullopt;
}

std::optional<int> SpeechGate::pause(int from, int until) const {
  int longest = 0;
  int middle = 0;
  const auto offer = [&](int begin, int end) {
    if (end <= begin || end - begin < longest) return;
    longest = end - begin;
    middle = begin + longest / 2;
  };
  int quiet_from = from;
  for (const Stretch& stretch : stretches_) {
    offer(quiet_from, std::min(stretch.begin, until));
    quiet_from = std::max(quiet_from, stretch.end);
  }
  const auto now = speaking();
  offer(quiet_from, now ? std::min(now->begin, until) : until);
  return longest > 0 ? std::optional(middle) : std::nullopt;
}

std::vector<FrameSpan> SpeechGate::speech(int from, int until) const {
  std::vector<FrameSpan> found;
  const auto offer = [&](const Stretch& stretch) {
    const FrameSpan part{std::max(stretch.begin, from), std::min(stretch.end, until)};
    if (part.begin < part.end) found.push_back(part);
  };
  for (const Stretch& stretch : stretches_) offer(stretch);
  if (const auto now = speaking()) offer(*now);
  return found;
}

double SpeechGate::speech_s(int begin, int end) const {
  constexpr int kPad = static_cast<int>(kPad_s * kFramesPerSecond);
  const auto shared = [&](int from, int to) {
    return std::max(0, std::min(end, to) - std::max(begin, from));
  };
  int frames = shared(settled(), kNever);
  for (const Stretch& stretch : stretches_)
    frames += shared(stretch.begin + kPad, stretch.end - kPad);
  if (const auto now = speaking()) frames += shared(now->begin + kPad, now->end);
  return static_cast<double>(frames) / kFramesPerSecond;
}

}  // namespace npu
