// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel as the array's kernels compute it, in place of the host's.
#pragma once

#include <cmath>

#include "log_mel_clip.h"
#include "whisper/log_mel_frames.h"

namespace npu::bench {

// Samples have an exponent per frame. 64 frames go through the kernels for the few that are asked
// for: slow.
class ArrayLogMel final : public LogMelFrames {
 public:
  explicit ArrayLogMel(unsigned bands) : bands_(bands), tiles_(bands, kMostExponent) {}

  void compute(std::span<const float> samples, int count, std::span<float* const> rows) override {
    const auto frames = static_cast<unsigned>(count);
    const auto logs = tiles_.run([&](unsigned row, unsigned k) {
      return row < frames && k < kernels::kDftSamples ? samples[row * kernels::testing::kHop + k]
                                                      : 0.0F;
    });
    for (unsigned row = 0; row < frames; ++row)
      for (unsigned band = 0; band < bands_; ++band)
        rows[row][band] = std::ldexp(static_cast<float>(tiles_.log_energy(logs, row, band)),
                                     -static_cast<int>(kernels::kLogMelBits));
  }

 private:
  static constexpr int kMostExponent = 30;

  unsigned bands_;
  kernels::testing::LogMelTiles tiles_;
};

}  // namespace npu::bench
