// SPDX-License-Identifier: LGPL-2.1-or-later
// Sampled sequences, and the choice of the best of several.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace npu {

struct Sequence {
  std::vector<int> tokens;  // without end_of_text
  float sum_logprob = 0;    // of the filtered logits, that of end_of_text included
};

// Index of the sequence with the highest sum_logprob / length, or / ((5 + length) / 6)^alpha if a
// length penalty alpha is given; the first among equals. An empty sequence counts as length 1.
// Precondition: there is one. Source: openai/whisper:whisper/decoding.py, MaximumLikelihoodRanker.
size_t best_sequence(std::span<const Sequence> sequences, std::optional<float> length_penalty);

}  // namespace npu
