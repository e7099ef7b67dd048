// SPDX-License-Identifier: LGPL-2.1-or-later
// What the decoding rules ask of one row of logits, and what they get: never the whole row, unless
// they say so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace npu {

// Half-open range of token ids; empty if begin >= end.
struct IdRange {
  int begin = 0;
  int end = 0;
};

// A set of token ids, one bit each.
class TokenSet {
 public:
  explicit TokenSet(int vocabulary = 0) : bits_((static_cast<size_t>(vocabulary) + 63) / 64) {}
  void insert(int id) { bits_[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64); }
  void erase(int id) { bits_[static_cast<size_t>(id) / 64] &= ~(uint64_t{1} << (id % 64)); }
  bool contains(int id) const { return bits_[static_cast<size_t>(id) / 64] >> (id % 64) & 1; }
  std::span<const uint64_t> words() const { return bits_; }

 private:
  std::vector<uint64_t> bits_;
};

// Groups of ids that are reduced apart: ids inside `range` and not in the mask.
enum ScoreGroup { kText, kTimestamps, kScoreGroups };

// The logits wanted of one row. `mask`, `named` are borrowed until the replay returns.
struct ScoreRequest {
  int row = 0;                     // index into the replay's row table
  const TokenSet* mask = nullptr;  // ids that are never candidates; nullptr: none
  IdRange ranges[kScoreGroups];  // must not overlap; an empty range gives no candidate and lse -inf
  int top_k = 1;                 // candidates per group; 0: only the log-sum-exps
  std::span<const int> named;    // ids whose raw, unmasked logits are wanted
  bool raw_log_sum_exp = false;  // over the whole vocabulary, unmasked
  bool full_row = false;         // all raw logits
};

// One candidate.
struct Candidate {
  int id;
  float logit;
};

// What a group gave: its best candidates, descending by logit (ascending id among equals), fewer
// than top_k if the group is smaller; and log(sum(exp(logit))) over all of the group, -inf if
// empty.
struct GroupScore {
  std::vector<Candidate> top;
  float log_sum_exp;
};

// The answer to one ScoreRequest. Reused between replays: a device resizes the vectors and never
// shrinks their capacity, so the steady state allocates nothing.
struct ScoreResult {
  GroupScore groups[kScoreGroups];
  std::vector<float> named;  // in the order of the request
  float raw_log_sum_exp = 0;
  std::vector<float> full_row;  // [vocabulary]
};

}  // namespace npu
