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
  if (!prefilled_) prefill(table);
  extend(table, guesses);
}

// All initial tokens but the last, and what is asked once.
void Search::prefill(StepTable& table) const {
  const auto first_row = static_cast<int>(table.rows().size());
  const auto start =
      std::find(start_.initial.begin(), start_.initial.end(), rules_.special().start_of_transcript);
  ScoreRequest& silence =
      table.ask(first_row + static_cast<int>(std::distance(start_.initial.begin(), start)));
  silence.top_k = 0;
  silence.named = {&rules_.special().no_speech, 1};
  silence.raw_log_sum_exp = true;
  int position = 0;
  const auto last = static_cast<int>(start_.initial.size() + start_.said.size()) - 1;
  for (const std::vector<int>* tokens : {&start_.initial, &start_.said})
    for (const int token : *tokens)
      if (position < last) table.add({token, position++, start_.self_slot, start_.cross_slot});
}

void Search::add_row(StepTable& table, size_t index, std::span<const int> sampled) const {
  const int token = sampled.empty() ? start_.initial.back() : sampled.back();
  const size_t position = start_.initial.size() + sampled.size() - 1;
  const int row = table.add({token, static_cast<int>(position), slot(index), start_.cross_slot});
  ScoreRequest& request = table.ask(row);
  want(request);
  rules_.apply(sampled, request);
}

void Search::add_guesses(std::vector<int>& path, size_t most) const {
  const size_t known = path.size();
  most = std::min(most, static_cast<size_t>(limit()) - 1 - known);
  draft_source_.extend(path, most);
  if (most == 0 || path.size() > known) return;
  // Where the rules leave no text it mostly is the first timestamp that they leave: a segment
  // begins with the window, or where another ends.
  ScoreRequest next;
  rules_.apply(path, next);
  const IdRange text = next.ranges[kText], timestamps = next.ranges[kTimestamps];
  const bool no_text = text.begin >= std::min(text.end, rules_.special().end_of_text);
  if (no_text && timestamps.begin < timestamps.end) path.push_back(timestamps.begin);
}

void Search::count_guesses(size_t checked, size_t right) {
  checked_guesses_ += static_cast<int>(checked);
  right_guesses_ += static_cast<int>(right);
}

void Search::take(std::span<const ScoreResult> results) {
  if (!prefilled_) {
    prefilled_ = true;
    no_speech_prob_ = std::exp(results[0].named[0] - results[0].raw_log_sum_exp);
    results = results.subspan(1);
  }
  choose(results);
}

}  // namespace npu
