// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/sampling.h"

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace npu {

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

SamplingSearch::SamplingSearch(const Rules& rules, SearchStart start,
                               const SamplingOptions& options)
    : Search(rules, std::move(start)), temperature_(options.temperature) {
  for (size_t i = 0; i < static_cast<size_t>(options.samples); ++i) {
    samples_.push_back({{}, Random(mixed_seed(options.seed, options.window, temperature_, i))});
    samples_.back().sequence.tokens.reserve(static_cast<size_t>(limit()));
    samples_.back().sequence.tokens = said();
    live_.push_back(i);
  }
}

void SamplingSearch::want(ScoreRequest& request) const {
  request.top_k = 1;
  request.full_row = true;
}

void SamplingSearch::extend(StepTable& table) const {
  if (steps_ == 1)  // all continue the initial tokens
    for (size_t i = 0; i < samples_.size(); ++i) table.continue_history(slot(i), slot(0));
  for (size_t i : live_) add_row(table, i, samples_[i].sequence.tokens);
}

void SamplingSearch::choose(std::span<const ScoreResult> results) {
  const bool first = steps_++ == 0;
  size_t kept = 0;
  for (size_t row = 0; row < live_.size(); ++row)
    if (draw_next(samples_[live_[row]], results[first ? 0 : row])) live_[kept++] = live_[row];
  live_.resize(kept);
  if (live_.empty() || steps_ + static_cast<int>(said().size()) == limit()) finish();
}

// False if the text of `sample` ended.
bool SamplingSearch::draw_next(Sample& sample, const ScoreResult& result) {
  ScoreRequest request;
  rules().apply(sample.sequence.tokens, request);
  const Choices left = choices(result);
  const int id = draw(request, result, left, temperature_, sample.random.uniform(), weights_);
  count_tokens(1);
  if (id < 0) {
    sample.sequence.sum_logprob = -std::numeric_limits<float>::infinity();
    return false;
  }
  sample.sequence.sum_logprob += result.full_row[static_cast<size_t>(id)] - left.log_sum_exp;
  if (id == rules().special().end_of_text) return false;
  sample.sequence.tokens.push_back(id);
  return true;
}

std::vector<Sequence> SamplingSearch::take_sequences() {
  std::vector<Sequence> sequences;
  for (Sample& sample : samples_) sequences.push_back(std::move(sample.sequence));
  return sequences;
}

}  // namespace npu
