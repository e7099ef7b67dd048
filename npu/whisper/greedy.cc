// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/greedy.h"

#include <algorithm>
#include <utility>

namespace npu {

GreedySearch::GreedySearch(const Rules& rules, SearchStart start)
    : Search(rules, std::move(start)) {
  sequence_.tokens.reserve(static_cast<size_t>(limit()));
  sequence_.tokens = said();
  path_.reserve(static_cast<size_t>(limit()));
  guess();
}

void GreedySearch::extend(StepTable& table, size_t guesses) {
  const size_t rows = 1 + std::min(guesses, GreedySearch::guesses());
  for (size_t row = 0; row < rows; ++row)
    add_row(table, 0, std::span(path_).first(sequence_.tokens.size() + row));
}

void GreedySearch::choose(std::span<const ScoreResult> results) {
  const size_t guesses = results.size() - 1;
  const size_t known = sequence_.tokens.size();
  size_t right = 0;
  for (const ScoreResult& result : results) {
    const int id = choose_one(result);
    if (done() || right == guesses || id != path_[known + right]) break;
    ++right;
  }
  count_guesses(guesses, right);
  budget_.account(guesses, right);
  if (!done()) guess();
}

// The token that follows, which is added unless it ends the text.
int GreedySearch::choose_one(const ScoreResult& result) {
  const Choices left = choices(result);
  const Candidate best = best_candidate(result, left);
  sequence_.sum_logprob += best.logit - left.log_sum_exp;
  count_tokens(1);
  // Nothing left to choose from (id -1) ends the text too.
  if (best.id < 0 || best.id == rules().special().end_of_text) {
    finish();
    return best.id;
  }
  sequence_.tokens.push_back(best.id);
  if (sequence_.tokens.size() == static_cast<size_t>(limit())) finish();
  return best.id;
}

void GreedySearch::guess() {
  path_.assign(sequence_.tokens.begin(), sequence_.tokens.end());
  add_guesses(path_, budget_.allowed());
}

std::vector<Sequence> GreedySearch::take_sequences() {
  std::vector<Sequence> sequences;
  sequences.push_back(std::move(sequence_));
  return sequences;
}

}  // namespace npu
