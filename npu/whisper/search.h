// SPDX-License-Identifier: LGPL-2.1-or-later
// A way of choosing the tokens of one window, as a machine that is stepped: it says which rows it
// wants decoded and which scores of them, and takes the answers. What is stepped side by side is
// somebody else's business (search_driver.h).
//
// The first step feeds the initial tokens; each later one continues the histories that are left.
#pragma once

#include <span>
#include <vector>

#include "device/score.h"
#include "whisper/rules.h"
#include "whisper/sequence.h"
#include "whisper/step_table.h"

namespace npu {

// What a search starts from.
struct SearchStart {
  std::vector<int> initial;  // tokens before the first sampled one, start_of_transcript among them
  std::vector<int> said;     // what it goes on from, as if sampled before; fewer than `limit`
  int limit;                 // tokens sampled at most, those included
  int self_slot = 0;         // the first of its histories, which nobody else may use meanwhile
  int cross_slot = 0;        // the window it hears
};

// One window in one task at one temperature. Not thread-safe.
class Search {
 public:
  // `rules` is borrowed.
  Search(const Rules& rules, SearchStart start) : rules_(rules), start_(std::move(start)) {}
  virtual ~Search() = default;
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // Rows that the next propose() adds.
  size_t rows() const { return prefilled_ ? live() : start_.initial.size() + start_.said.size(); }
  // Adds the next step's rows and requests. Precondition: not done(). Without a take() in between,
  // the same again.
  void propose(StepTable& table) const;
  // The answers to the requests of the last propose(), in their order.
  void take(std::span<const ScoreResult> results);
  bool done() const { return done_; }

  // Precondition of all below: done().
  // What was found, at least one, each beginning with what was said before; may be called once.
  virtual std::vector<Sequence> take_sequences() = 0;
  // Of the unfiltered logits at start_of_transcript.
  float no_speech_prob() const { return no_speech_prob_; }
  // Tokens that were chosen, end_of_text included, over all histories.
  int chosen_tokens() const { return chosen_tokens_; }

 protected:
  const Rules& rules() const { return rules_; }
  int limit() const { return start_.limit; }
  const std::vector<int>& said() const { return start_.said; }
  // Self slot of history `index`.
  int slot(size_t index) const { return start_.self_slot + static_cast<int>(index); }
  // Adds a row for the latest of `sampled`, the tokens of history `index` from said() on, and asks
  // for its scores.
  void add_row(StepTable& table, size_t index, std::span<const int> sampled) const;
  void count_tokens(size_t tokens) { chosen_tokens_ += static_cast<int>(tokens); }
  void finish() { done_ = true; }

 private:
  // Histories that go on.
  virtual size_t live() const = 0;
  // Sets top_k and full_row as the choice needs them.
  virtual void want(ScoreRequest& request) const = 0;
  // Adds a row for each history that goes on.
  virtual void extend(StepTable& table) const = 0;
  // Chooses the next tokens from the answers: one for all histories after the prefill, then one for
  // each row.
  virtual void choose(std::span<const ScoreResult> results) = 0;

  void propose_prefill(StepTable& table) const;

  const Rules& rules_;
  SearchStart start_;
  bool prefilled_ = false;
  bool done_ = false;
  float no_speech_prob_ = 0;
  int chosen_tokens_ = 0;
};

}  // namespace npu
