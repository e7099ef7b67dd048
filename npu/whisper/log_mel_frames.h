// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel energies of single frames.
// Source: openai/whisper:whisper/audio.py, log_mel_spectrogram().
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "whisper/frame_spectrum.h"

namespace npu {

// Not thread-safe.
class LogMelFrames {
 public:
  virtual ~LogMelFrames() = default;

  // Frame i of `count`, at most kFrameLanes, is samples[160 i .. 160 i + 399]; the samples of
  // kFrameLanes frames are there. rows[i] takes its log10 energies, [bands], not below -10.
  virtual void compute(std::span<const float> samples, int count, std::span<float* const> rows) = 0;
};

// Makes the frames of one stream; empty where FloatLogMel is meant.
using MakeLogMelFrames = std::function<std::unique_ptr<LogMelFrames>()>;

// In f32 on the host.
class FloatLogMel final : public LogMelFrames {
 public:
  // `filters` [bands][201], as Model::mel_filters().
  FloatLogMel(std::span<const float> filters, int bands);

  void compute(std::span<const float> samples, int count, std::span<float* const> rows) override;

 private:
  struct Band {
    int first_bin;
    std::vector<float> weights;
  };

  std::vector<Band> bands_;
  FrameSpectrum spectrum_;
};

}  // namespace npu
