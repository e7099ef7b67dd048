// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature above 0: independent samples, decoded side by side.
// Source: openai/whisper:whisper/decoding.py, GreedyDecoder with a temperature, and best_of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whisper/search.h"

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

// Draws from softmax(logits / temperature) over the ids that `request` leaves and `left` keeps;
// -1 if there is none. `result` must hold the full row; `weights` is working space.
int draw(const ScoreRequest& request, const ScoreResult& result, const Choices& left,
         float temperature, double uniform, std::vector<float>& weights);

struct SamplingOptions {
  int samples;        // histories that it uses
  float temperature;  // > 0
  uint64_t seed;
  uint64_t window;
};

// Log-probabilities are those of the filtered logits at temperature 1.
class SamplingSearch : public Search {
 public:
  SamplingSearch(const Rules& rules, SearchStart start, const SamplingOptions& options);
  std::vector<Sequence> take_sequences() override;

 private:
  // One history.
  struct Sample {
    Sequence sequence;
    Random random;
  };

  size_t live() const override { return live_.size(); }
  void want(ScoreRequest& request) const override;
  void extend(StepTable& table) const override;
  void choose(std::span<const ScoreResult> results) override;
  bool draw_next(Sample& sample, const ScoreResult& result);

  float temperature_;
  int steps_ = 0;
  std::vector<Sample> samples_;
  std::vector<size_t> live_;  // of samples_
  std::vector<float> weights_;
};

}  // namespace npu
