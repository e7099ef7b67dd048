// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/sampling.h"

#include <algorithm>
#include <bit>
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

SamplingSearch::SamplingSearch(const Rules& rules, SearchStart start,
                               const SamplingOptions& options)
    : Search(rules, std::move(start)), temperature_(options.temperature) {
  Branch all{{}, 0, said()};
  for (size_t i = 0; i < static_cast<size_t>(options.samples); ++i) {
    samples_.push_back({{}, Random(mixed_seed(options.seed, options.window, temperature_, i))});
    samples_.back().sequence.tokens.reserve(static_cast<size_t>(limit()));
    samples_.back().sequence.tokens = said();
    all.samples.push_back(i);
  }
  branches_.push_back(std::move(all));
  guess();
}

void SamplingSearch::want(ScoreRequest& request) const {
  request.top_k = 1;
  request.full_row = true;
}

size_t SamplingSearch::guesses() const {
  size_t guesses = 0;
  for (const Branch& branch : branches_) guesses += branch.path.size() - tokens(branch).size();
  return guesses;
}

// Guesses of `branch` in the last proposal.
size_t SamplingSearch::checked(const Branch& branch) const {
  return std::min(guesses_of_each_, branch.path.size() - tokens(branch).size());
}

void SamplingSearch::extend(StepTable& table, size_t guesses) {
  guesses_of_each_ = guesses / branches_.size();
  for (const Branch& branch : branches_) {
    const size_t history = branch.samples.front();
    if (history != branch.parent) table.continue_history(slot(history), slot(branch.parent));
    for (size_t row = 0; row <= checked(branch); ++row)
      add_row(table, history, std::span(branch.path).first(tokens(branch).size() + row));
  }
}

void SamplingSearch::choose(std::span<const ScoreResult> results) {
  next_branches_.clear();
  size_t guesses = 0, right = 0;
  for (const Branch& branch : branches_) {
    const size_t rows = 1 + checked(branch);
    guesses += rows - 1;
    right += choose_branch(branch, results.first(rows));
    results = results.subspan(rows);
    divide(branch);
  }
  count_guesses(guesses, right);
  budget_.account(guesses, right);
  branches_.swap(next_branches_);
  if (branches_.empty()) return finish();
  guess();
}

// Draws for all samples of `branch`. Returns how many guesses were right, in the mean.
size_t SamplingSearch::choose_branch(const Branch& branch, std::span<const ScoreResult> results) {
  const size_t known = tokens(branch).size();
  size_t right = 0;
  drawing_ = branch.samples;
  for (size_t row = 0; row < results.size() && !drawing_.empty(); ++row) {
    const ScoreResult& result = results[row];
    ScoreRequest request;
    rules().apply(std::span(branch.path).first(known + row), request);
    const Choices left = choices(result);
    urn_.fill(request, result, left, temperature_);
    std::erase_if(drawing_, [&](size_t index) {
      const int id = draw_next(samples_[index], result, left);
      return row + 1 == results.size() || id != branch.path[known + row];
    });
    right += drawing_.size();
  }
  return right / branch.samples.size();
}

// The token that follows, which is added unless it ends the text.
int SamplingSearch::draw_next(Sample& sample, const ScoreResult& result, const Choices& left) {
  const int id = urn_.draw(sample.random.uniform());
  count_tokens(1);
  if (id < 0) {
    sample.sequence.sum_logprob = -std::numeric_limits<float>::infinity();
    sample.ended = true;
    return id;
  }
  sample.sequence.sum_logprob += result.full_row[static_cast<size_t>(id)] - left.log_sum_exp;
  if (id == rules().special().end_of_text) {
    sample.ended = true;
    return id;
  }
  sample.sequence.tokens.push_back(id);
  if (sample.sequence.tokens.size() == static_cast<size_t>(limit())) sample.ended = true;
  return id;
}

// The branches that `branch` goes on as.
void SamplingSearch::divide(const Branch& branch) {
  const size_t first = next_branches_.size();
  for (const size_t index : branch.samples) {
    const Sample& sample = samples_[index];
    if (sample.ended) continue;
    const auto same = std::find_if(
        next_branches_.begin() + static_cast<std::ptrdiff_t>(first), next_branches_.end(),
        [&](const Branch& other) { return tokens(other) == sample.sequence.tokens; });
    if (same != next_branches_.end())
      same->samples.push_back(index);
    else
      next_branches_.push_back({{index}, branch.samples.front(), sample.sequence.tokens});
  }
}

void SamplingSearch::guess() {
  const size_t each =
      std::min(guesses_of_each(branches_.size()), budget_.allowed() / branches_.size());
  for (Branch& branch : branches_) add_guesses(branch.path, each);
}

std::vector<Sequence> SamplingSearch::take_sequences() {
  std::vector<Sequence> sequences;
  for (Sample& sample : samples_) sequences.push_back(std::move(sample.sequence));
  return sequences;
}

}  // namespace npu
