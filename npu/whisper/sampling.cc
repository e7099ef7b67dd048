// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/sampling.h"

#include <bit>
#include <cmath>
#include <limits>

namespace npu {
namespace {

// One history that is still being continued.
struct Sample {
  Sequence sequence;
  Random random;
};

// Draws the next token of `sample`; false if its text ended.
bool extend(Sample& sample, const Search& search, const ScoreRequest& request,
            const ScoreResult& result, float temperature, std::vector<float>& weights) {
  const Choices left = choices(result);
  const int id = draw(request, result, left, temperature, sample.random.uniform(), weights);
  ++search.stats.decoded_tokens;
  if (id < 0) {
    sample.sequence.sum_logprob = -std::numeric_limits<float>::infinity();
    return false;
  }
  sample.sequence.sum_logprob += result.full_row[static_cast<size_t>(id)] - left.log_sum_exp;
  if (id == search.rules.special().end_of_text) return false;
  sample.sequence.tokens.push_back(id);
  return true;
}

}  // namespace

uint64_t Random::next() {
  uint64_t z = state_ += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

uint64_t mixed_seed(uint64_t seed, uint64_t window, float temperature, uint64_t sample) {
  uint64_t mixed = seed;
  for (uint64_t part : {window, uint64_t{std::bit_cast<uint32_t>(temperature)}, sample})
    mixed = Random(Random(mixed).next() ^ part).next();
  return mixed;
}

int draw(const ScoreRequest& request, const ScoreResult& result, const Choices& left,
         float temperature, double uniform, std::vector<float>& weights) {
  const Candidate best = best_candidate(result, left);
  if (best.id < 0) return -1;
  weights.resize(result.full_row.size());
  const auto each_id = [&](const auto& visit) {
    for (int group = left.only_timestamps ? kTimestamps : kText; group < kScoreGroups; ++group) {
      const IdRange range = request.ranges[group];
      for (int id = range.begin; id < range.end; ++id)
        if (!request.mask || !request.mask->contains(id))
          if (!visit(id)) return;
    }
  };
  double sum = 0;
  each_id([&](int id) {
    const size_t at = static_cast<size_t>(id);
    weights[at] = std::exp((result.full_row[at] - best.logit) / temperature);
    sum += weights[at];
    return true;
  });
  const double goal = uniform * sum;
  double passed = 0;
  int drawn = best.id;  // should rounding leave the goal just beyond the last weight
  each_id([&](int id) {
    passed += weights[static_cast<size_t>(id)];
    if (passed <= goal) return true;
    drawn = id;
    return false;
  });
  return drawn;
}

Result<std::vector<Sequence>> search_by_sampling(const Search& search,
                                                 const SamplingOptions& options) {
  std::vector<Sample> samples;
  std::vector<size_t> live;
  std::vector<int> parents(static_cast<size_t>(options.samples), 0);  // all continue the prefill
  std::vector<Row> rows;
  std::vector<ScoreRequest> requests(static_cast<size_t>(options.samples));
  std::vector<float> weights;
  rows.reserve(parents.size());

  search.rules.apply({}, requests[0]);
  for (size_t i = 0; i < parents.size(); ++i) {
    samples.push_back(
        {{}, Random(mixed_seed(options.seed, options.window, options.temperature, i))});
    samples.back().sequence.tokens.reserve(static_cast<size_t>(search.limit));
    if (extend(samples.back(), search, requests[0], search.results[0], options.temperature,
               weights))
      live.push_back(i);
  }
  for (int i = 1; i < search.limit && !live.empty(); ++i) {
    rows.clear();
    for (size_t k = 0; k < live.size(); ++k) {
      const std::vector<int>& tokens = samples[live[k]].sequence.tokens;
      rows.push_back({tokens.back(), search.initial_tokens + i - 1, static_cast<int>(live[k]), 0});
      requests[k].row = static_cast<int>(k);
      requests[k].full_row = true;
      search.rules.apply(tokens, requests[k]);
    }
    NPU_TRY(search.inference.step(rows, i == 1 ? std::span<const int>(parents) : std::span<int>(),
                                  std::span(requests).first(live.size()),
                                  search.results.first(live.size()), search.cancel));
    size_t kept = 0;
    for (size_t k = 0; k < live.size(); ++k)
      if (extend(samples[live[k]], search, requests[k], search.results[k], options.temperature,
                 weights))
        live[kept++] = live[k];
    live.resize(kept);
  }
  std::vector<Sequence> sequences;
  for (Sample& sample : samples) sequences.push_back(std::move(sample.sequence));
  return sequences;
}

}  // namespace npu
