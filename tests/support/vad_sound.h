// SPDX-License-Identifier: LGPL-2.1-or-later
// Sound that loudness_model() (vad_weights.h) takes for speech, and silence.
#pragma once

#include <initializer_list>
#include <random>
#include <vector>

namespace npu::testing {

struct Stretch {
  double seconds;
  bool speech;
};

// 16 kHz.
inline std::vector<float> sound(std::initializer_list<Stretch> stretches) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.2F, 0.2F);
  std::vector<float> samples;
  for (const Stretch& stretch : stretches)
    for (int i = 0; i < static_cast<int>(stretch.seconds * 16000); ++i)
      samples.push_back(stretch.speech ? uniform(random) : 0.0F);
  return samples;
}

}  // namespace npu::testing
