// SPDX-License-Identifier: LGPL-2.1-or-later
// The text of lines: spaces, arrows, marks of direction; and what of a word is shown.
#include "captions/line_text.h"

#include <gtest/gtest.h>

#include "captions/word_text.h"

namespace npu::captions {
namespace {

std::vector<Piece> pieces_of(const std::vector<std::string>& words) {
  std::vector<Piece> pieces;
  for (const std::string& word : words) {
    Piece piece;
    piece.space_before = word.starts_with(' ');
    piece.text = word.substr(piece.space_before ? 1 : 0);
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

const std::string kMark = "\xE2\x80\x8F";

TEST(LineText, KeepsSpacesInsideLinesOnly) {
  const auto pieces = pieces_of({" It", "'s", " not", " here."});
  EXPECT_EQ(line_texts(pieces, {0, 2}), (std::vector<std::string>{"It's", "not here."}));
}

TEST(LineText, ReplacesArrowsThatWordsMakeTogether) {
  EXPECT_EQ(line_texts(pieces_of({" a", " --", ">", " b"}), {0}),
            std::vector<std::string>{"a → b"});
}

struct MarkCase {
  const char* name;
  std::vector<std::string> words;
  std::vector<size_t> begins;
  std::vector<std::string> lines;
};

const MarkCase kMarkCases[] = {
    {"ArabicWordsNeedNone", {"كيف", " حالك"}, {0}, {"كيف حالك"}},
    {"QuestionMarkAtTheEnd", {"كيف", " حالك؟"}, {0}, {"كيف حالك؟"}},
    {"FullStopAtTheEnd", {"هذا", " جيد."}, {0}, {"هذا جيد." + kMark}},
    {"HebrewExclamation", {"שלום!"}, {0}, {"שלום!" + kMark}},
    {"NumberAtTheBeginning", {"3", " كتب"}, {0}, {kMark + "3 كتب"}},
    {"LatinAtTheBeginning", {"NASA", " هي", " وكالة"}, {0}, {kMark + "NASA هي وكالة"}},
    {"EachLineByItself",
     {"هذا", " جيد.", " YouTube", " أيضا"},
     {0, 2},
     {"هذا جيد." + kMark, kMark + "YouTube أيضا"}},
    {"LineOfLatinInArabicCue",
     {"شاهدوا", " قناتنا", " على", " YouTube."},
     {0, 3},
     {"شاهدوا قناتنا على", kMark + "YouTube." + kMark}},
    {"QuoteAtTheBeginning", {"\"نعم\"", " قال"}, {0}, {"\"نعم\" قال"}},
    {"VowelMarkAtTheEnd", {"كتابٌ"}, {0}, {"كتابٌ"}},
    {"EnglishWithAnArabicWord",
     {"The", " word", " كتاب", " means", " book."},
     {0},
     {"The word كتاب means book."}},
};

class DirectionMarks : public testing::TestWithParam<MarkCase> {};

TEST_P(DirectionMarks, AreWhereTheyAreNeeded) {
  EXPECT_EQ(line_texts(pieces_of(GetParam().words), GetParam().begins), GetParam().lines);
}

INSTANTIATE_TEST_SUITE_P(LineText, DirectionMarks, testing::ValuesIn(kMarkCases),
                         [](const auto& row) { return row.param.name; });

struct WordCase {
  const char* name;
  const char* raw;
  const char* text;
  bool space_before;
  bool space_after;
};

const WordCase kWordCases[] = {
    {"LeadingSpace", " word", "word", true, false},
    {"NoSpace", "-word", "-word", false, false},
    {"TrailingSpace", "word ", "word", false, true},
    {"IdeographicSpace", "　今日", "今日", true, false},
    {"LineEnds", "\r\nword\n", "word", true, true},
    {"InnerLineEnd", "two\nlines", "two lines", false, false},
    {"Controls",
     "a\x01\x7F"
     "b",
     "ab", false, false},
    {"BrokenBytes", "a\xFF", "a\xEF\xBF\xBD", false, false},
    {"Empty", "", "", false, false},
    {"OnlySpaces", " \t\n", "", false, true},
    {"OnlyInvisible", "\xE2\x80\x8B\xEF\xBB\xBF\xE2\x80\x8F", "", false, false},
    {"NoBreakSpaceAlone", "\xC2\xA0", "", false, true},
    {"DirectionOverrideIsDropped",
     "\xE2\x80\xAE"
     "abc",
     "abc", false, false},
    {"JoinerInsideStays", "می\xE2\x80\x8Cخواهم", "می\xE2\x80\x8Cخواهم", false, false},
};

class VisibleText : public testing::TestWithParam<WordCase> {};

TEST_P(VisibleText, IsThat) {
  const WordText word = visible_text(GetParam().raw);
  EXPECT_EQ(word.text, GetParam().text);
  EXPECT_EQ(word.space_before, GetParam().space_before);
  EXPECT_EQ(word.space_after, GetParam().space_after);
}

INSTANTIATE_TEST_SUITE_P(LineText, VisibleText, testing::ValuesIn(kWordCases),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace npu::captions
