// SPDX-License-Identifier: LGPL-2.1-or-later
// A way of choosing the tokens of one window, as a machine that is stepped: it says which rows it
// wants decoded and which scores of them, and takes the answers. What is stepped side by side is
// somebody else's business (search_driver.h).
//
// The first step feeds the initial tokens; each later one continues the histories that are left.
// Further rows of any step may check guesses at what is chosen next (draft.h): as far as the
// choices agree they are made in this step already. What is found is the same with and without.
#pragma once

#include <span>
#include <vector>

#include "device/score.h"
#include "whisper/draft.h"
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
  std::vector<int> expected = {};  // what may well be sampled, as for DraftSource
};

// One window in one task at one temperature. Not thread-safe.
class Search {
 public:
  // `rules` is borrowed.
  Search(const Rules& rules, SearchStart start);
  virtual ~Search() = default;
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // Rows that the next propose() adds, without guesses.
  size_t rows() const { return prefilled_ ? live() : start_.initial.size() + start_.said.size(); }
  // Rows of guesses that are worth checking in the next step, if there is room.
  virtual size_t guesses() const { return 0; }
  // Adds the next step's rows and requests, and those of up to `guesses` guesses. Precondition: not
  // done(). Without a take() in between, the same again.
  void propose(StepTable& table, size_t guesses = 0);
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
  // Guesses that were checked, and those of them that were right.
  int checked_guesses() const { return checked_guesses_; }
  int right_guesses() const { return right_guesses_; }

 protected:
  const Rules& rules() const { return rules_; }
  int limit() const { return start_.limit; }
  const std::vector<int>& said() const { return start_.said; }
  // Self slot of history `index`.
  int slot(size_t index) const { return start_.self_slot + static_cast<int>(index); }
  // Adds a row for the latest of `sampled`, the tokens of history `index` from said() on, or of the
  // initial ones if there is none, and asks for its scores.
  void add_row(StepTable& table, size_t index, std::span<const int> sampled) const;
  // Appends up to `most` guesses at what follows `path`, tokens of a history from said() on, and
  // leaves room below limit() for what is chosen after them.
  void add_guesses(std::vector<int>& path, size_t most) const;
  void count_guesses(size_t checked, size_t right);
  void count_tokens(size_t tokens) { chosen_tokens_ += static_cast<int>(tokens); }
  void finish() { done_ = true; }

 private:
  // Histories that go on.
  virtual size_t live() const = 0;
  // Sets top_k and full_row as the choice needs them.
  virtual void want(ScoreRequest& request) const = 0;
  // Adds the last row of each history that goes on, and those of up to `guesses` guesses.
  virtual void extend(StepTable& table, size_t guesses) = 0;
  // Chooses the next tokens from the answers, one for each row.
  virtual void choose(std::span<const ScoreResult> results) = 0;

  void prefill(StepTable& table) const;

  const Rules& rules_;
  SearchStart start_;
  DraftSource draft_source_;
  bool prefilled_ = false;
  bool done_ = false;
  float no_speech_prob_ = 0;
  int chosen_tokens_ = 0;
  int checked_guesses_ = 0;
  int right_guesses_ = 0;
};

}  // namespace npu
