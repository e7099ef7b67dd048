// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/greedy.h"

#include <utility>

namespace npu {

GreedySearch::GreedySearch(const Rules& rules, SearchStart start)
    : Search(rules, std::move(start)) {
  sequence_.tokens.reserve(static_cast<size_t>(limit()));
  sequence_.tokens = said();
}

void GreedySearch::choose(std::span<const ScoreResult> results) {
  const Choices left = choices(results[0]);
  const Candidate best = best_candidate(results[0], left);
  sequence_.sum_logprob += best.logit - left.log_sum_exp;
  count_tokens(1);
  // Nothing left to choose from (id -1) ends the text too.
  if (best.id < 0 || best.id == rules().special().end_of_text) return finish();
  sequence_.tokens.push_back(best.id);
  if (sequence_.tokens.size() == static_cast<size_t>(limit())) finish();
}

std::vector<Sequence> GreedySearch::take_sequences() {
  std::vector<Sequence> sequences;
  sequences.push_back(std::move(sequence_));
  return sequences;
}

}  // namespace npu
