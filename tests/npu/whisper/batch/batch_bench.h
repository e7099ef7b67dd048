// SPDX-License-Identifier: LGPL-2.1-or-later
// Chunks that a scripted model hears: bursts of sound with long pauses between them.
#pragma once

#include <vector>

#include "longform_bench.h"
#include "vad_sound.h"
#include "vad_weights.h"

namespace npu::testing {

inline TranscribeOptions batch_of(int size) {
  TranscribeOptions options = english();
  options.mode = Mode::kBatch;
  options.batch_size = size;
  options.vad = loudness_model();
  return options;
}

// `count` bursts of 6 s, one every 10 s, the first after 2 s of silence: a chunk each.
inline std::vector<float> bursts(int count) {
  std::vector<float> samples;
  for (int i = 0; i < count; ++i) {
    const std::vector<float> one = sound({{2, false}, {6, true}, {2, false}});
    samples.insert(samples.end(), one.begin(), one.end());
  }
  return samples;
}

// A chunk of `count` words from `first` on.
inline Said words_from(int first, int count) {
  Said said;
  for (int i = 0; i < count; ++i) said.tokens.push_back(first + i);
  return said;
}

// Texts of the segments.
inline std::vector<std::string> texts(const std::vector<Segment>& segments) {
  std::vector<std::string> all;
  for (const Segment& segment : segments) all.push_back(segment.text);
  return all;
}

}  // namespace npu::testing
