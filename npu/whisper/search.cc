// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/search.h"

#include <algorithm>
#include <cmath>

namespace npu {

Search::Search(const Rules& rules, SearchStart start)
    : rules_(rules),
      start_(std::move(start)),
      draft_source_(rules.special(), rules.vocabulary(), start_.initial, start_.expected) {}

void Search::propose(StepTable& table, size_t guesses) {
  if (prefilled_)
    extend(table, guesses);
  else
    propose_prefill(table);
}

void Search::propose_prefill(StepTable& table) const {
  int start_row = 0;
  int last_row = 0;
  int position = 0;
  for (const std::vector<int>* tokens : {&start_.initial, &start_.said})
    for (const int token : *tokens) {
      last_row = table.add({token, position++, start_.self_slot, start_.cross_slot});
      if (token == rules_.special().start_of_transcript) start_row = last_row;
    }
  ScoreRequest& last = table.ask(last_row);
  want(last);
  rules_.apply(start_.said, last);
  ScoreRequest& silence = table.ask(start_row);
  silence.top_k = 0;
  silence.named = {&rules_.special().no_speech, 1};
  silence.raw_log_sum_exp = true;
}

void Search::add_row(StepTable& table, size_t index, std::span<const int> sampled) const {
  const size_t position = start_.initial.size() + sampled.size() - 1;
  const int row =
      table.add({sampled.back(), static_cast<int>(position), slot(index), start_.cross_slot});
  ScoreRequest& request = table.ask(row);
  want(request);
  rules_.apply(sampled, request);
}

void Search::count_guesses(size_t checked, size_t right) {
  checked_guesses_ += static_cast<int>(checked);
  right_guesses_ += static_cast<int>(right);
}

void Search::take(std::span<const ScoreResult> results) {
  if (!prefilled_) {
    prefilled_ = true;
    no_speech_prob_ = std::exp(results[1].named[0] - results[1].raw_log_sum_exp);
    results = results.first(1);
  }
  choose(results);
}

}  // namespace npu
