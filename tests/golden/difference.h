// SPDX-License-Identifier: LGPL-2.1-or-later
// What tells a transcription from the reference's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "golden_line.h"

namespace npu::testing {

struct Transcription {
  std::string language;
  std::string text;
  std::vector<Segment> segments;
  int64_t fallbacks = 0;
};

// The first thing that differs, in the order in which the algorithm arrives at it.
struct Difference {
  std::string what;    // "tokens", "seek", "start", "words", ...
  size_t segment = 0;  // where
  size_t token = 0;    // index into the segment's tokens, for "tokens"
  int expected = -1;   // token ids, for "tokens"; -1: the list ends there
  int found = -1;
  std::string details;  // for people
};

// Largest deviations of the numbers that need not be equal.
struct Deviations {
  double avg_logprob = 0;
  double no_speech_prob = 0;
  double compression_ratio = 0;
  double word_time_s = 0;
  double word_probability = 0;
};

inline constexpr double kWordToleranceS = 0.02;  // one encoder position
inline constexpr double kScoreTolerance = 1e-3;  // of the three per-segment numbers

// nullopt if tokens, seek positions, segment times (to the reference's printed 10 ms), language,
// text and words are the same, the words' times within kWordToleranceS.
std::optional<Difference> first_difference(const GoldenLine& golden, const Transcription& found);

// Over the segments and words that both have with the same tokens.
Deviations deviations(const GoldenLine& golden, const Transcription& found);

// Word errors of `found` against `expected`, words being divided by white space: substitutions,
// deletions and insertions, and the number of expected words.
struct WordErrors {
  size_t errors = 0;
  size_t words = 0;
};
WordErrors word_errors(std::string_view expected, std::string_view found);

}  // namespace npu::testing
