// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/break_quality.h"

#include <unicode/uchar.h>

#include "captions/unicode_text.h"
#include "captions/word_classes.h"

namespace npu::captions {
namespace {

using End = LeftSide::End;

bool has(uint8_t classes, unsigned wanted) {
  return (classes & wanted) != 0;
}

bool is_digit(UChar32 character) {
  return u_isdigit(character) != 0;
}

bool is_capital(UChar32 character) {
  return u_isupper(character) != 0 || u_istitle(character) != 0;
}

// 1000 to 2099 in ASCII digits.
bool is_year(std::string_view word) {
  if (word.size() != 4) return false;
  for (const char c : word) {
    if (c < '0' || c > '9') return false;
  }
  return word[0] == '1' || word.substr(0, 2) == "20";
}

// Ends words as often as quotations.
bool is_apostrophe(UChar32 character) {
  return character == '\'' || character == 0x2019;
}

std::string_view without_closing(std::string_view text) {
  while (!text.empty() && is_closing(last_character(text))) text = without_last(text);
  return text;
}

// How `run` ends, whose last word is `word`.
End end_of(std::string_view run, std::string_view word) {
  if (word.empty() && is_opening(last_character(run))) return End::kOpening;
  const std::string_view core = without_closing(run);
  if (core.empty()) return End::kClause;
  const UChar32 last = last_character(core);
  if (last == '.' && is_capital(first_character(word)) && without_last(word).empty()) {
    return End::kInitial;
  }
  if (ends_sentence(last)) return End::kSentence;
  const bool dash = is_dash(last) && (last != '-' || word.empty());
  const bool quoted = core.size() < run.size() && !is_apostrophe(last_character(run));
  return dash || ends_clause(last) || quoted ? End::kClause : End::kNone;
}

}  // namespace

struct BreakJudge::RightSide {
  std::string_view text;
  std::string_view word;
  uint8_t classes = 0;
  bool capital = false;
  bool small = false;
  bool number = false;
  bool dense = false;
  bool opening = false;
};

BreakJudge::BreakJudge(const std::string& language)
    : language_(language),
      words_(BreakKind::kWord, language),
      lines_(BreakKind::kLine, language),
      phrases_(BreakKind::kPhrase, language),
      pair_(BreakKind::kLine, language) {}

std::string_view BreakJudge::edge_word(std::string_view run, bool last) {
  words_.set_text(run);
  const std::vector<size_t> ends = words_.boundaries();
  std::string_view found;
  for (size_t index = 1; index < ends.size(); ++index) {
    const std::string_view piece = run.substr(ends[index - 1], ends[index] - ends[index - 1]);
    if (!is_letter_or_digit(first_character(piece))) continue;
    found = piece;
    if (!last) break;
  }
  return found;
}

LeftSide BreakJudge::left_side(std::string_view run, BreakQuality before) {
  const std::string_view word = edge_word(run, true);
  LeftSide left;
  left.text = run;
  left.classes = word_classes(language_, lower_case(word));
  left.end = end_of(run, word);
  left.capital = is_capital(first_character(word));
  left.number = is_digit(first_character(word));
  left.year = is_year(word);
  left.hanging = !word.empty() && last_character(run) == '-';
  left.begins_sentence = before == BreakQuality::kSentence;
  const bool point = last_character(without_closing(run)) == '.';
  // "1. Introduction", "am 3. Mai".
  left.ordinal =
      left.number && point && (left.begins_sentence || (language_ == "de" && word.size() <= 2));
  left.dense = is_dense_script(last_character(without_closing(run)));
  return left;
}

BreakJudge::RightSide BreakJudge::right_side(std::string_view run) {
  RightSide right;
  right.text = run;
  right.word = edge_word(run, false);
  right.classes = word_classes(language_, lower_case(right.word));
  const UChar32 first = first_character(right.word);
  right.capital = is_capital(first);
  right.small = u_islower(first) != 0;
  right.number = is_digit(first);
  right.dense = is_dense_script(first_character(run));
  right.opening = is_opening(first_character(run));
  return right;
}

bool BreakJudge::may_break(std::string_view left, std::string_view right, bool spaced) {
  std::string both(left);
  if (spaced) both += ' ';
  const size_t place = both.size();
  both += right;
  pair_.set_text(both);
  return pair_.is_boundary(place);
}

BreakQuality BreakJudge::between(const LeftSide& left, const RightSide& right, bool spaced) {
  if (left.end == End::kOpening) return BreakQuality::kInside;
  if (!may_break(left.text, right.text, spaced)) return BreakQuality::kInside;
  const bool abbreviated =
      has(left.classes, kAbbreviation | kTitle) && last_character(left.text) == '.';
  if (left.ordinal || left.end == End::kInitial) return BreakQuality::kName;
  if (left.number && left.end == End::kSentence && right.small) return BreakQuality::kName;
  if (abbreviated && (has(left.classes, kTitle) || right.number)) return BreakQuality::kName;
  if (abbreviated) return right.small ? BreakQuality::kPlain : BreakQuality::kClause;
  if (left.end == End::kSentence) {
    return right.small ? BreakQuality::kClause : BreakQuality::kSentence;
  }
  if (left.hanging) return BreakQuality::kTight;
  if (left.end == End::kClause) return BreakQuality::kClause;
  if (right.opening) return BreakQuality::kConjunction;
  if (right.word.empty()) return BreakQuality::kTight;
  if (spaced && left.dense && right.dense) return BreakQuality::kClause;
  if (left.number && right.number) return BreakQuality::kName;
  const bool known_left = has(left.classes, kConjunction | kPreposition | kBindsNext);
  if (left.capital && right.capital && !known_left) return BreakQuality::kName;
  if (has(right.classes, kBindsPrevious) || known_left) return BreakQuality::kTight;
  if (right.number || (left.number && !left.year && right.small)) return BreakQuality::kTight;
  if (has(right.classes, kConjunction)) return BreakQuality::kConjunction;
  if (has(right.classes, kPreposition) || has(left.classes, kBindsPrevious)) {
    return BreakQuality::kPreposition;
  }
  return BreakQuality::kPlain;
}

BreakQuality BreakJudge::inside(const std::string& text, size_t offset) {
  if (!lines_.is_boundary(offset)) return BreakQuality::kInside;
  const std::string_view before = std::string_view(text).substr(0, offset);
  const std::string_view after = std::string_view(text).substr(offset);
  const std::string_view core = without_closing(before);
  const UChar32 last = last_character(core);
  const UChar32 next = first_character(after);
  if (ends_sentence(last)) return BreakQuality::kSentence;
  if (ends_clause(last) || core.size() < before.size()) return BreakQuality::kClause;
  if (is_opening(next)) return BreakQuality::kConjunction;
  const bool dense = is_dense_script(last) || is_dense_script(next);
  if (!dense) {
    return is_dash(last) && last != '-' ? BreakQuality::kClause : BreakQuality::kTight;
  }
  if (is_digit(last) || is_digit(next)) return BreakQuality::kTight;
  if (!words_.is_boundary(offset)) return BreakQuality::kName;
  if (language_ == "ja" && !phrases_.is_boundary(offset)) return BreakQuality::kTight;
  return between_dense_words(text, offset);
}

BreakQuality BreakJudge::between_dense_words(std::string_view text, size_t offset) {
  const size_t left_begin = words_.before(offset);
  const size_t right_end = words_.after(offset);
  const uint8_t left = word_classes(language_, text.substr(left_begin, offset - left_begin));
  const uint8_t right = word_classes(language_, text.substr(offset, right_end - offset));
  if (has(right, kBindsPrevious)) return BreakQuality::kTight;
  if (has(left, kConjunction | kPreposition | kBindsNext)) return BreakQuality::kTight;
  if (has(right, kConjunction)) return BreakQuality::kConjunction;
  if (has(right, kPreposition) || has(left, kBindsPrevious)) return BreakQuality::kPreposition;
  return BreakQuality::kPlain;
}

std::vector<BreakQuality> BreakJudge::judge(const LeftSide* left, bool spaced,
                                            const std::string& context,
                                            const std::vector<std::string_view>& pieces) {
  std::string text = context;
  std::vector<size_t> offsets;
  for (const std::string_view piece : pieces) {
    offsets.push_back(text.size());
    text += piece;
  }
  std::vector<BreakQuality> qualities;
  if (offsets[0] == 0) {
    const bool first = left == nullptr;
    qualities.push_back(first ? BreakQuality::kSentence : between(*left, right_side(text), spaced));
  }
  if (pieces.size() == 1 && !qualities.empty()) return qualities;
  words_.set_text(text);
  lines_.set_text(text);
  phrases_.set_text(text);
  for (size_t index = qualities.size(); index < pieces.size(); ++index) {
    qualities.push_back(inside(text, offsets[index]));
  }
  return qualities;
}

}  // namespace npu::captions
