// SPDX-License-Identifier: LGPL-2.1-or-later
// Which tokens may come next: the reference's logit filters, turned into what a device is asked and
// into a reading of its answer.
// Source: openai/whisper:whisper/decoding.py, SuppressBlank, SuppressTokens, ApplyTimestampRules.
#pragma once

#include <span>
#include <vector>

#include "device/score.h"
#include "model/tokenizer.h"
#include "whisper/options.h"

namespace npu {

// The filters of one stream. Immutable; the masks that requests point to live as long as it.
class Rules {
 public:
  Rules(const Tokenizer& tokenizer, const DecodingOptions& options);

  // Sets mask and ranges of `request` for the token that follows `sampled` (what was sampled in
  // this window so far, without the initial tokens). Leaves its other members alone.
  void apply(std::span<const int> sampled, ScoreRequest& request) const;

  const SpecialTokens& special() const { return special_; }
  int vocabulary() const { return vocabulary_; }

 private:
  void apply_timestamp_rules(std::span<const int> sampled, ScoreRequest& request) const;

  SpecialTokens special_;
  int vocabulary_;
  bool timestamps_;
  int last_initial_timestamp_;  // id of the largest timestamp that may come first
  TokenSet mask_;
  TokenSet first_mask_;  // for the first sampled token
};

// What is left to choose from after rule R4 (a timestamp must come if timestamps together are
// likelier than every other token).
struct Choices {
  bool only_timestamps;
  float log_sum_exp;  // of the logits that are left; -inf if none is
};
Choices choices(const ScoreResult& result);

// The likeliest token that is left, the lower id among equals; id -1 if none is.
// Precondition: the request had top_k >= 1.
Candidate best_candidate(const ScoreResult& result, const Choices& choices);

// Writes up to `count` of the likeliest tokens that are left to `out`, best first, lower ids first
// among equals. Precondition: the request had top_k >= count.
void best_candidates(const ScoreResult& result, const Choices& choices, size_t count,
                     std::vector<Candidate>& out);

}  // namespace npu
