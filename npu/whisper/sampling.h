// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature above 0: independent samples, decoded side by side.
// Source: openai/whisper:whisper/decoding.py, GreedyDecoder with a temperature, and best_of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whisper/search.h"
#include "whisper/urn.h"

namespace npu {

// A small generator with the same numbers on every platform (SplitMix64, Steele et al. 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

// A seed that depends on every bit of all of them.
uint64_t mixed_seed(uint64_t seed, uint64_t window, float temperature, uint64_t sample);

struct SamplingOptions {
  int samples;        // histories that it uses
  float temperature;  // > 0
  uint64_t seed;
  uint64_t window;
};

// Log-probabilities are those of the filtered logits at temperature 1. Samples are one row as long
// as their tokens are the same; checks guesses while there are few rows.
class SamplingSearch : public Search {
 public:
  SamplingSearch(const Rules& rules, SearchStart start, const SamplingOptions& options);
  std::vector<Sequence> take_sequences() override;
  size_t guesses() const override;

 private:
  struct Sample {
    Sequence sequence;
    Random random;
    bool ended = false;
  };
  // Samples whose tokens are the same so far.
  struct Branch {
    std::vector<size_t> samples;  // the first lends its history
    size_t parent;                // the history that this one continues
    std::vector<int> path;        // the tokens, then guesses
  };

  size_t live() const override { return branches_.size(); }
  void want(ScoreRequest& request) const override;
  void extend(StepTable& table, size_t guesses) override;
  void choose(std::span<const ScoreResult> results) override;

  const std::vector<int>& tokens(const Branch& branch) const {
    return samples_[branch.samples.front()].sequence.tokens;
  }
  size_t checked(const Branch& branch) const;
  size_t choose_branch(const Branch& branch, std::span<const ScoreResult> results);
  int draw_next(Sample& sample, const ScoreResult& result, const Choices& left);
  void divide(const Branch& branch);
  void guess();

  float temperature_;
  std::vector<Sample> samples_;
  std::vector<Branch> branches_;
  std::vector<Branch> next_branches_;
  size_t guesses_of_each_ = 0;  // of the last proposal
  std::vector<size_t> drawing_;
  Urn urn_;
  DraftBudget budget_;
};

}  // namespace npu
