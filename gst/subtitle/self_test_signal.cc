// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/self_test_signal.h"

#include <cmath>
#include <cstddef>
#include <numbers>

#include "whisper/features.h"

namespace npu::subtitle {

std::vector<float> self_test_signal() {
  constexpr size_t kSamples = 160000;
  constexpr int kHarmonics = 20;
  constexpr double kPi = std::numbers::pi;
  std::vector<float> samples(kSamples);
  for (size_t index = 0; index < kSamples; ++index) {
    const double t = static_cast<double>(index) / 16000;
    // 120 Hz, gliding by 20 Hz at 0.7 Hz, in three pulses a second.
    const double phase = 2 * kPi * 120 * t - 20 / 0.7 * std::cos(2 * kPi * 0.7 * t);
    double sound = 0;
    for (int harmonic = 1; harmonic <= kHarmonics; ++harmonic) {
      sound += std::sin(harmonic * phase) / harmonic;
    }
    const double loud = std::abs(std::sin(kPi * 3 * t));
    samples[index] = static_cast<float>(std::nearbyint(6000 * loud * sound) / 32768);
  }
  return samples;
}

std::vector<float> self_test_mel(std::span<const float> filters, int bands) {
  Features features(filters, bands, Normalisation::kWhole);
  features.push(self_test_signal());
  features.end_input();
  std::vector<float> mel(static_cast<size_t>(kWindowFrames) * static_cast<size_t>(bands));
  features.cut(0, kWindowFrames, mel);
  return mel;
}

}  // namespace npu::subtitle
