// SPDX-License-Identifier: LGPL-2.1-or-later
// How good a place is to end a line or a cue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "captions/text_breaks.h"

namespace npu::captions {

// From the best to the worst.
enum class BreakQuality : uint8_t {
  kSentence,     // a sentence ends
  kClause,       // comma, colon, dash; the space that stands for them in Chinese or Thai
  kConjunction,  // before a conjunction, a relative pronoun, an opening bracket
  kPreposition,  // before a preposition, after a postposition
  kPlain,        // between two words, nothing known
  kTight,        // after an article, a preposition, an auxiliary; between number and unit
  kName,         // inside a name or a number, after a title
  kInside,       // inside a word, or where Unicode's rules allow no line to end
};
inline constexpr size_t kBreakQualities = 8;

// What stands before a place, as the judge left it.
struct LeftSide {
  std::string text;     // the last piece
  uint8_t classes = 0;  // WordClass of its last word
  enum class End : uint8_t { kNone, kClause, kSentence, kInitial, kOpening } end = End::kNone;
  bool capital = false;  // the last word begins with one
  bool number = false;
  bool year = false;             // a number that stands alone
  bool hanging = false;          // a part of a word, as in "pre- and post-war"
  bool ordinal = false;          // a number with a full stop that ends no sentence
  bool dense = false;            // ends in a script without spaces between words
  bool begins_sentence = false;  // the last word is the first of its sentence
};

// Judges the places between pieces of text. One thread at a time.
class BreakJudge {
 public:
  explicit BreakJudge(const std::string& language);

  // Pieces that stand together without a space (a run): the quality of the place before each of
  // them. `left` is what the judge said about the run before, null at the beginning (the first
  // quality is then kSentence). `context` is text of the same run in front of the pieces, which
  // dictionaries want to see; empty if `spaced`, as the first piece then follows a space.
  std::vector<BreakQuality> judge(const LeftSide* left, bool spaced, const std::string& context,
                                  const std::vector<std::string_view>& pieces);

  // What the next run has on its left when `run` (not empty) ends there; `before` is the quality
  // of the place before the run.
  LeftSide left_side(std::string_view run, BreakQuality before);

 private:
  struct RightSide;
  RightSide right_side(std::string_view run);
  BreakQuality between(const LeftSide& left, const RightSide& right, bool spaced);
  BreakQuality inside(const std::string& text, size_t offset);
  BreakQuality between_dense_words(std::string_view text, size_t offset);
  bool may_break(std::string_view left, std::string_view right, bool spaced);
  std::string_view edge_word(std::string_view run, bool last);

  std::string language_;
  TextBreaks words_;
  TextBreaks lines_;    // of a whole run
  TextBreaks phrases_;  // of a whole run
  TextBreaks pair_;     // of two neighbours
};

}  // namespace npu::captions
