// SPDX-License-Identifier: LGPL-2.1-or-later
// What a transcription gives.
#pragma once

#include <string>
#include <vector>

namespace npu {

// A word with its leading space, times in seconds from the start of the input.
struct Word {
  std::string text;
  double start_s;
  double end_s;
  float probability;
};

// Whisper's unit of text with times. Text keeps its leading space, and is empty if the reference
// would blank it (no duration, or white space only): such a segment has no tokens and no words.
struct Segment {
  int seek;        // mel frame at which its window began
  double start_s;  // from the start of the input
  double end_s;
  std::string text;
  std::vector<int> tokens;  // timestamps included
  std::vector<Word> words;  // with word_timestamps
  float temperature;
  float avg_logprob;
  float compression_ratio;
  float no_speech_prob;
};

}  // namespace npu
