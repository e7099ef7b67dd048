// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/features.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/dims.h"

namespace npu {
namespace {

constexpr size_t kMargin = kFrameSamples / 2;  // samples before a frame's middle
constexpr size_t kHop = kHopSamples;
constexpr size_t kBatchSamples = kHop * (kFrameLanes - 1) + kFrameSamples;
constexpr size_t kBlockSamples = 4096;
constexpr float kSilence = -10;         // log10 energy
constexpr float kDynamicRange = 8.0F;   // decades
constexpr float kLargestSample = 1e6F;  // keeps the energy finite
constexpr int kFirstCapacity = 4096;    // frames

float sanitised(float sample) {
  if (!std::isfinite(sample)) return 0.0F;
  return std::clamp(sample, -kLargestSample, kLargestSample);
}

}  // namespace

Features::Features(std::span<const float> filters, int bands, Normalisation normalisation,
                   std::unique_ptr<LogMelFrames> log_mel)
    : bands_(static_cast<size_t>(bands)),
      normalisation_(normalisation),
      log_mel_(std::move(log_mel)),
      padded_(kMargin + kBlockSamples + kBatchSamples) {
  if (!log_mel_) log_mel_ = std::make_unique<FloatLogMel>(filters, bands);
  reset();
}

void Features::reset() {
  padded_size_ = kMargin;  // room for the reflection
  samples_ = 0;
  ended_ = false;
  next_frame_ = 0;
  first_kept_ = 0;
  maximum_ = kSilence;
}

// Frame t ends with sample 160 t + 199; frame 0 needs sample 200 for its reflection.
int Features::complete_frames() const {
  if (samples_ <= static_cast<int64_t>(kMargin)) return 0;
  return static_cast<int>((samples_ - static_cast<int64_t>(kMargin)) / kHopSamples) + 1;
}

bool Features::ready(int end) const {
  if (ended_) return true;
  return normalisation_ == Normalisation::kRunning && end <= complete_frames();
}

void Features::push(std::span<const float> samples) {
  assert(!ended_);
  append(samples);
}

void Features::append(std::span<const float> samples) {
  while (!samples.empty()) {
    const size_t count = std::min(samples.size(), kBlockSamples);
    reserve_frames(next_frame_ + static_cast<int>(count / kHop) + 2 * kFrameLanes);
    std::transform(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count),
                   padded_.begin() + static_cast<std::ptrdiff_t>(padded_size_), sanitised);
    padded_size_ += count;
    samples_ += static_cast<int64_t>(count);
    samples = samples.subspan(count);
    const int complete = complete_frames();
    compute(complete - (complete - next_frame_) % kFrameLanes);
  }
}

void Features::end_input() {
  if (ended_) return;
  const int64_t samples = samples_;
  // Every frame that hears some of the input, and enough zeros to reflect a very short one.
  const int audible = static_cast<int>((samples + static_cast<int64_t>(kMargin)) / kHopSamples) + 1;
  static constexpr float kZeros[2 * kFrameSamples] = {};
  append(kZeros);
  compute(std::max(audible, next_frame_));
  samples_ = samples;
  ended_ = true;
}

// Computes frames up to `end`, of which all samples must have been appended.
void Features::compute(int end) {
  if (next_frame_ >= end) return;
  if (next_frame_ == 0)
    for (size_t i = 0; i < kMargin; ++i) padded_[i] = padded_[2 * kMargin - i];
  const int first = next_frame_;
  size_t offset = 0;
  while (next_frame_ < end) {
    const int count = std::min(end - next_frame_, kFrameLanes);
    offset = static_cast<size_t>(next_frame_ - first) * kHop;
    float* rows[kFrameLanes];
    for (int lane = 0; lane < count; ++lane) rows[lane] = row(next_frame_ + lane);
    log_mel_->compute(std::span(padded_).subspan(offset, kBatchSamples), count, rows);
    for (int lane = 0; lane < count; ++lane) {
      const float* values = row(next_frame_ + lane);
      maximum_ = std::max(maximum_, *std::max_element(values, values + bands_));
      maxima_[static_cast<size_t>((next_frame_ + lane) % capacity_)] = maximum_;
    }
    next_frame_ += count;
  }
  const size_t consumed = static_cast<size_t>(next_frame_ - first) * kHop;
  std::copy(padded_.begin() + static_cast<std::ptrdiff_t>(consumed),
            padded_.begin() + static_cast<std::ptrdiff_t>(padded_size_), padded_.begin());
  padded_size_ -= consumed;
}

float* Features::row(int frame) {
  return &frames_[static_cast<size_t>(frame % capacity_) * bands_];
}

// Makes room for frames first_kept_ .. end - 1.
void Features::reserve_frames(int end) {
  int wanted = std::max(capacity_, kFirstCapacity);
  while (wanted < end - first_kept_) wanted *= 2;
  if (wanted == capacity_) return;
  std::vector<float> frames(static_cast<size_t>(wanted) * bands_);
  std::vector<float> maxima(static_cast<size_t>(wanted));
  for (int t = first_kept_; t < next_frame_; ++t) {
    std::copy_n(row(t), bands_,
                frames.begin() +
                    static_cast<std::ptrdiff_t>(t % wanted) * static_cast<std::ptrdiff_t>(bands_));
    maxima[static_cast<size_t>(t % wanted)] = maxima_[static_cast<size_t>(t % capacity_)];
  }
  frames_ = std::move(frames);
  maxima_ = std::move(maxima);
  capacity_ = wanted;
}

void Features::discard_before(int frame) {
  first_kept_ = std::max(first_kept_, frame);
}

void Features::energies(int start, int end, std::vector<float>& out) {
  assert(ready(end) && start >= first_kept_);
  if (!ended_) compute(end);
  out.clear();
  for (int t = start; t < end; ++t) {
    const float* values = row(t);
    float sum = 0;
    for (size_t band = 0; band < bands_; ++band) sum += std::pow(10.0F, values[band]);
    out.push_back(sum);
  }
}

void Features::cut(int start, int frames, int heard, std::span<float> out) {
  assert(ready(heard) && start >= first_kept_);
  assert(ended_ || heard >= start + frames);
  if (!ended_) compute(heard);
  const bool whole = normalisation_ == Normalisation::kWhole || heard >= next_frame_;
  const float maximum = whole ? maximum_ : maxima_[static_cast<size_t>((heard - 1) % capacity_)];
  const float floor = maximum - kDynamicRange;
  float* to = out.data();
  for (int t = start; t < start + frames; ++t) {
    if (t < next_frame_) {
      const float* values = row(t);
      for (size_t band = 0; band < bands_; ++band)
        *to++ = (std::max(values[band], floor) + 4.0F) / 4.0F;
    } else {
      to = std::fill_n(to, bands_, (std::max(kSilence, floor) + 4.0F) / 4.0F);
    }
  }
  std::fill(to, out.data() + out.size(), 0.0F);
}

}  // namespace npu
