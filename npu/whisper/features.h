// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples to log-mel windows, while the samples still arrive.
// Source: openai/whisper:whisper/audio.py, log_mel_spectrogram(), with padding=N_SAMPLES.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "whisper/log_mel_frames.h"
#include "whisper/options.h"

namespace npu {

// The log-mel frames of one stream, kept un-normalised from discard_before() on, and normalised
// when a window is cut. A frame's bits do not depend on how the samples were divided into pushes.
//
// Memory: 1.3 kB per kept frame (80 bands); nothing else grows with the input. The store doubles
// while frames are pushed faster than they are discarded, and is kept by reset().
// Not thread-safe.
class Features {
 public:
  // `filters` [bands][201], as Model::mel_filters(); unused if `log_mel` computes the frames.
  Features(std::span<const float> filters, int bands, Normalisation normalisation,
           std::unique_ptr<LogMelFrames> log_mel = nullptr);

  // 16 kHz mono. What is not finite counts as 0, and magnitudes are cut at 1e6.
  void push(std::span<const float> samples);
  // From here on the input continues with zeros.
  void end_input();
  void reset();
  // Frames before `frame`, which may be still to come, are not asked for any more.
  void discard_before(int frame);

  bool ended() const { return ended_; }
  int64_t samples() const { return samples_; }
  // 10 ms frames of the input; final once ended().
  int content_frames() const { return static_cast<int>(samples_ / kHopSamples); }
  // Whether the frames before `end`, and the maximum that normalises them, are known.
  bool ready(int end) const;

  // Fills out [kWindowFrames][bands] with `frames` frames from `start` on and zeros after them.
  // Frames up to `heard` are looked at: the maximum is theirs. Preconditions: ready(heard); heard
  // >= start + frames, or the input has ended; start is not discarded.
  void cut(int start, int frames, int heard, std::span<float> out);
  // The same with a whole window heard.
  void cut(int start, int frames, std::span<float> out) {
    cut(start, frames, start + kWindowFrames, out);
  }
  // Energy of each frame from `start` to `end`, over all bands, in no particular unit.
  // Precondition: ready(end), and content_frames() >= end if the input has ended.
  void energies(int start, int end, std::vector<float>& out);

 private:
  void append(std::span<const float> samples);
  void compute(int end);
  float* row(int frame);
  void reserve_frames(int end);
  int complete_frames() const;

  size_t bands_;
  Normalisation normalisation_;
  std::unique_ptr<LogMelFrames> log_mel_;

  // Samples with the reflection in front: padded_[i] is sample 160 * next_frame_ - 200 + i.
  std::vector<float> padded_;
  size_t padded_size_ = 0;

  int64_t samples_ = 0;
  bool ended_ = false;
  int next_frame_ = 0;         // first frame that is not computed
  int first_kept_ = 0;         // first frame that is not discarded
  int capacity_ = 0;           // frames; a power of two
  std::vector<float> frames_;  // [capacity][bands] log10 energy; frame t in row t % capacity
  std::vector<float> maxima_;  // [capacity]: maximum of all frames up to t
  float maximum_;              // of all computed frames
};

}  // namespace npu
