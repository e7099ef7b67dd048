// SPDX-License-Identifier: LGPL-2.1-or-later
// Power spectrum of windowed 400-sample frames, four frames at a time.
#pragma once

#include <span>
#include <vector>

#include "model/mel_filters.h"

namespace npu {

inline constexpr int kFrameSamples = 400;  // 25 ms
inline constexpr int kFrameLanes = 4;      // frames that are transformed together

// One value of each of the frames. A GNU vector, so that baseline x86-64 and arm64 both use their
// registers; each lane is computed alone, hence a frame's bits do not depend on its neighbours.
typedef float LaneFloat __attribute__((vector_size(sizeof(float) * kFrameLanes)));

struct LaneComplex {
  LaneFloat re;
  LaneFloat im;
};

// Real DFT of 400 points as a complex one of 200 = 5 * 5 * 4 * 2 (Stockham, no reordering), f32.
// Owns tables and buffers; not thread-safe. Multiplies by the periodic Hann window first.
// Source of window and sizes: openai/whisper:whisper/audio.py, log_mel_spectrogram().
class FrameSpectrum {
 public:
  FrameSpectrum();

  // Frame i (of kFrameLanes) is samples[i * hop .. i * hop + 399]; the span must hold all of them.
  // Returns [kSpectrumBins], |X|^2 of each frame; valid until the next call.
  std::span<const LaneFloat> power(std::span<const float> samples, int hop);

 private:
  struct Twiddle {
    float re;
    float im;
  };
  static constexpr int kHalf = kFrameSamples / 2;

  template <int kRadix>
  void pass(int length, int stride);

  std::vector<float> window_;
  std::vector<Twiddle> roots_;  // e^(-2 pi i k / 400), k < 400
  std::vector<LaneComplex> from_;
  std::vector<LaneComplex> to_;
  std::vector<LaneFloat> power_;
};

}  // namespace npu
