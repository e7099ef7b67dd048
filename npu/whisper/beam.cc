// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/beam.h"

#include <algorithm>
#include <cmath>

namespace npu {
namespace {

class Beams {
 public:
  Beams(const Search& search, const BeamOptions& options)
      : search_(search),
        width_(static_cast<size_t>(options.beams)),
        wanted_(static_cast<size_t>(
            std::max(1.0, std::nearbyint(static_cast<double>(options.beams) * options.patience)))),
        beams_(width_),
        next_(width_),
        requests_(width_) {
    for (std::vector<Sequence>* sequences : {&beams_, &next_})
      for (Sequence& sequence : *sequences)
        sequence.tokens.reserve(static_cast<size_t>(search.limit));
    parents_.reserve(width_);
    rows_.reserve(width_);
    candidates_.reserve(width_ * (width_ + 1));
    // All beams are equal before the first token, so one stands for all of them.
    live_ = 1;
  }

  Result<std::vector<Sequence>> run() {
    for (int i = 0; i < search_.limit; ++i) {
      if (i > 0) NPU_TRY(step(search_.initial_tokens + i - 1));
      collect_candidates();
      advance();
      search_.stats.decoded_tokens += static_cast<int64_t>(live_);
      if (finished_.size() >= wanted_ || live_ == 0) break;
    }
    add_unfinished();
    return std::move(finished_);
  }

 private:
  struct Offer {
    size_t beam;
    int id;
    float score;
    size_t order;  // in which it was made; ties go to the earlier
  };

  Result<void> step(int position) {
    rows_.clear();
    for (size_t beam = 0; beam < live_; ++beam) {
      rows_.push_back({beams_[beam].tokens.back(), position, static_cast<int>(beam), 0});
      requests_[beam].row = static_cast<int>(beam);
      requests_[beam].top_k = static_cast<int>(width_) + 1;
      search_.rules.apply(beams_[beam].tokens, requests_[beam]);
    }
    return search_.inference.step(rows_, parents_, std::span(requests_).first(live_),
                                  search_.results.first(live_), search_.cancel);
  }

  void collect_candidates() {
    offers_.clear();
    for (size_t beam = 0; beam < live_; ++beam) {
      const ScoreResult& result = search_.results[beam];
      const Choices left = choices(result);
      best_candidates(result, left, width_ + 1, candidates_);
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
  void advance() {
    parents_.clear();
    for (const Offer& offer : offers_) {
      const Sequence& source = beams_[offer.beam];
      if (offer.id == search_.rules.special().end_of_text) {
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

  void add_unfinished() {
    std::vector<size_t> order;
    for (size_t beam = live_; beam-- > 0;) order.push_back(beam);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return beams_[a].sum_logprob > beams_[b].sum_logprob;
    });
    for (size_t beam : order) {
      if (finished_.size() >= width_) break;
      finished_.push_back(beams_[beam]);
    }
    if (finished_.empty()) finished_.emplace_back();  // every rule together left nothing to say
  }

  const Search& search_;
  size_t width_;
  size_t wanted_;  // finished sequences
  size_t live_;
  std::vector<Sequence> beams_;  // the first live_ of them; beam i is history i
  std::vector<Sequence> next_;
  std::vector<Sequence> finished_;
  std::vector<int> parents_;
  std::vector<Row> rows_;
  std::vector<ScoreRequest> requests_;
  std::vector<Candidate> candidates_;
  std::vector<Offer> offers_;
};

}  // namespace

Result<std::vector<Sequence>> search_by_beams(const Search& search, const BeamOptions& options) {
  return Beams(search, options).run();
}

}  // namespace npu
