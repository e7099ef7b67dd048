// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature above 0: independent samples, decoded side by side.
// Source: openai/whisper:whisper/decoding.py, GreedyDecoder with a temperature, and best_of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "result.h"
#include "whisper/sequence.h"

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
  int samples;        // at most the number of histories
  float temperature;  // > 0
  uint64_t seed;
  uint64_t window;
};

// results[0] of `search` must have been asked with top_k >= 1 and the full row. Log-probabilities
// are those of the filtered logits at temperature 1. Errors: those of Context::run().
Result<std::vector<Sequence>> search_by_sampling(const Search& search,
                                                 const SamplingOptions& options);

}  // namespace npu
