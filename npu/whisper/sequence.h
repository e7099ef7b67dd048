// SPDX-License-Identifier: LGPL-2.1-or-later
// Sampled sequences, what every way of choosing tokens gets to start from, and the choice of the
// best of several.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cancel.h"
#include "device/score.h"
#include "whisper/inference.h"
#include "whisper/rules.h"

namespace npu {

struct Sequence {
  std::vector<int> tokens;  // without end_of_text
  float sum_logprob = 0;    // of the filtered logits, that of end_of_text included
};

// The moment after the prefill: history 0 holds the initial tokens.
struct Search {
  Inference& inference;
  const Rules& rules;
  int initial_tokens;              // position of the first sampled token
  int limit;                       // steps at most
  std::span<ScoreResult> results;  // at least one per history; [0] answers the first token
  TranscriberStats& stats;
  const CancelToken& cancel;
};

// Index of the sequence with the highest sum_logprob / length, or / ((5 + length) / 6)^alpha if a
// length penalty alpha is given; the first among equals. An empty sequence counts as length 1.
// Precondition: there is one. Source: openai/whisper:whisper/decoding.py, MaximumLikelihoodRanker.
size_t best_sequence(std::span<const Sequence> sequences, std::optional<float> length_penalty);

}  // namespace npu
