// SPDX-License-Identifier: LGPL-2.1-or-later
// What voice activity detection costs: CPU time for noise in pushes of 0.1 s, one thread.
//   vad_bench [HOURS]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

#include "vad/speech_probability.h"

int main(int argc, char** argv) {
  const double hours = argc > 1 ? std::atof(argv[1]) : 0.25;
  const auto model = npu::VadModel::load(npu::kVadModelName, {});
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().message.c_str());
    return 1;
  }
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.1F, 0.1F);
  std::vector<float> samples(1600);
  for (float& sample : samples) sample = uniform(random);
  npu::SpeechProbability stream(*model);
  std::vector<float> probabilities;
  const std::clock_t begin = std::clock();
  for (int push = 0; push < hours * 36000; ++push) stream.push(samples, probabilities);
  stream.end_input(probabilities);
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("%zu chunks: %.2f s of CPU time, %.1f us each, %.2f s per hour of audio\n",
              probabilities.size(), seconds,
              seconds / static_cast<double>(probabilities.size()) * 1e6, seconds / hours);
  return 0;
}
