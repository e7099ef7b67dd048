// SPDX-License-Identifier: LGPL-2.1-or-later
// Guesses at the tokens to come that cost nothing to make: text that was there before. A search has
// them checked as further rows of a step, which costs less than steps of their own, and goes on as
// far as its own choices agree; so no guess ever changes what is found.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/tokenizer.h"

namespace npu {

inline constexpr size_t kMostGuesses = 8;  // rows of a step, over all histories

// Guesses that each of the histories of a step may have checked. The more there are, the less is
// saved when one of them gets on, and a row costs the same: beyond two, guesses do not pay.
constexpr size_t guesses_of_each(size_t histories) {
  return histories <= 2 ? kMostGuesses / histories : 0;
}

// Where guesses come from. Immutable; what it is given is borrowed.
class DraftSource {
 public:
  // `before`: tokens in front of the sampled ones, such as previous text. `expected`: what the
  // window may well be decoded to, from its first sampled token on, with its times.
  DraftSource(const SpecialTokens& special, int vocabulary, std::span<const int> before,
              std::span<const int> expected)
      : special_(special), vocabulary_(vocabulary), before_(before), expected_(expected) {}

  // Appends up to `most` guesses at what follows `path`: what followed the longest end of it that
  // is found, timestamps apart, in the expected text (two tokens at least, or all of `path`), in
  // `path` itself or before it (three at least). Times go on as they did there.
  void extend(std::vector<int>& path, size_t most) const;

 private:
  enum class Text { kNone, kExpected, kPath, kBefore };
  struct Place {
    Text text = Text::kNone;
    size_t next = 0;     // index of what follows
    size_t matched = 0;  // tokens
  };

  bool is_timestamp(int id) const { return id >= special_.timestamp_begin; }
  size_t matched(std::span<const int> text, size_t end, std::span<const int> path) const;
  Place find(std::span<const int> path) const;
  std::span<const int> tokens(Text text, std::span<const int> path) const;
  int moved(int timestamp, std::span<const int> heard, std::span<const int> path) const;

  SpecialTokens special_;
  int vocabulary_;
  std::span<const int> before_;
  std::span<const int> expected_;
};

// How many guesses are worth their rows. A right guess saves a step, which costs as much as several
// rows: it pays for kRowsPerStep of them. So wrong ones cost a search at most the time of kCredit
// rows, and one more in kStepsPerRow steps, however it goes on. Lengths double while all guesses
// are right.
class DraftBudget {
 public:
  // Guesses that the next step may check.
  size_t allowed() const;
  // Of a step that checked `guesses`, the first `right` of them were.
  void account(size_t guesses, size_t right);

 private:
  static constexpr int kUnit = 8;  // of balance_: a row
  static constexpr int kRowsPerStep = 3;
  static constexpr int kStepsPerRow = 8;
  static constexpr int kCredit = 8;
  static constexpr int kMost = 16;  // what can be saved up, in rows
  static constexpr size_t kFirst = 4;

  int balance_ = kCredit * kUnit;
  size_t length_ = kFirst;
};

}  // namespace npu
