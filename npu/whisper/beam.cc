// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/beam.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace npu {

BeamSearch::BeamSearch(const Rules& rules, SearchStart start, const BeamOptions& options)
    : Search(rules, std::move(start)),
      width_(static_cast<size_t>(options.beams)),
      wanted_(static_cast<size_t>(
          std::max(1.0, std::nearbyint(static_cast<double>(options.beams) * options.patience)))),
      steps_left_(limit() - static_cast<int>(said().size())),
      beams_(width_),
      next_(width_) {
  for (std::vector<Sequence>* sequences : {&beams_, &next_})
    for (Sequence& sequence : *sequences) sequence.tokens.reserve(static_cast<size_t>(limit()));
  beams_[0].tokens = said();
  parents_.reserve(width_);
  parents_.push_back(0);
  candidates_.reserve(width_ + 1);
  offers_.reserve(width_ * (width_ + 1));
}

void BeamSearch::want(ScoreRequest& request) const {
  request.top_k = static_cast<int>(width_) + 1;
}

// Beams change places too often for guesses about each.
void BeamSearch::extend(StepTable& table, size_t /*guesses*/) {
  for (size_t beam = 0; beam < live_; ++beam) {
    const auto parent = static_cast<size_t>(parents_[beam]);
    if (parent != beam) table.continue_history(slot(beam), slot(parent));
    add_row(table, beam, beams_[beam].tokens);
  }
}

void BeamSearch::choose(std::span<const ScoreResult> results) {
  collect_offers(results);
  advance();
  count_tokens(live_);
  if (finished_.size() >= wanted_ || live_ == 0 || steps_left_-- == 1) finish();
}

void BeamSearch::collect_offers(std::span<const ScoreResult> results) {
  offers_.clear();
  for (size_t beam = 0; beam < live_; ++beam) {
    const Choices left = choices(results[beam]);
    best_candidates(results[beam], left, width_ + 1, candidates_);
    for (const Candidate& candidate : candidates_)
      offers_.push_back({beam, candidate.id,
                         beams_[beam].sum_logprob + (candidate.logit - left.log_sum_exp),
                         offers_.size()});
  }
  std::sort(offers_.begin(), offers_.end(), [](const Offer& a, const Offer& b) {
    return a.score != b.score ? a.score > b.score : a.order < b.order;
  });
}

// Walks down the offers until all beams have a continuation.
void BeamSearch::advance() {
  parents_.clear();
  for (const Offer& offer : offers_) {
    const Sequence& source = beams_[offer.beam];
    if (offer.id == rules().special().end_of_text) {
      if (finished_.size() < wanted_) finished_.push_back({source.tokens, offer.score});
      continue;
    }
    Sequence& target = next_[parents_.size()];
    target.tokens.assign(source.tokens.begin(), source.tokens.end());
    target.tokens.push_back(offer.id);
    target.sum_logprob = offer.score;
    parents_.push_back(static_cast<int>(offer.beam));
    if (parents_.size() == width_) break;
  }
  live_ = parents_.size();
  std::swap(beams_, next_);
}

std::vector<Sequence> BeamSearch::take_sequences() {
  std::vector<size_t> order;
  for (size_t beam = live_; beam-- > 0;) order.push_back(beam);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return beams_[a].sum_logprob > beams_[b].sum_logprob;
  });
  for (size_t beam : order) {
    if (finished_.size() >= width_) break;
    finished_.push_back(std::move(beams_[beam]));
  }
  if (finished_.empty()) finished_.emplace_back();  // every rule together left nothing to say
  return std::move(finished_);
}

}  // namespace npu
