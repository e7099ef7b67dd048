// SPDX-License-Identifier: LGPL-2.1-or-later
// What text takes on a line; where only single characters matter, GLib's tables are the oracle.
#include "captions/text_extent.h"

#include <glib.h>
#include <gtest/gtest.h>

namespace npu::captions {
namespace {

struct ExtentCase {
  const char* name;
  const char* text;
  unsigned columns;
  unsigned wide;
};

const ExtentCase kExtentCases[] = {
    {"Nothing", "", 0, 0},
    {"Ascii", "Good morning.", 13, 0},
    {"PrecomposedLetters", "Müller", 6, 0},
    {"CombiningMarksTakeNoRoom", "Mu\xCC\x88ller", 6, 0},
    {"ManyMarksOnOneLetter", "a\xCC\x81\xCC\x82\xCC\x83\xCC\x84", 1, 0},
    {"IdeographsAreWide", "日本語", 6, 3},
    {"FullWidthPunctuationIsWide", "はい。", 6, 3},
    {"HalfWidthKatakanaIsNarrow", "ｶﾀｶﾅ", 4, 0},
    {"Hangul", "안녕", 4, 2},
    {"HangulFromJamoIsOneCharacter", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 2, 1},
    {"MixedScripts", "NHKの5人", 8, 2},
    {"Cyrillic", "Привет", 6, 0},
    {"ArabicWithVowelMarks", "مَرْحَبًا", 5, 0},
    {"DevanagariVowelSigns", "किताब", 5, 0},
    {"ThaiMarks", "ที่นี่", 2, 0},
    {"Emoji", "😀", 2, 1},
    {"EmojiWithSkinTone", "👍🏽", 2, 1},
    {"FamilyJoinedToOneEmoji", "👨‍👩‍👧‍👦", 2, 1},
    {"SymbolAskedToBeAnEmoji", "☺️", 2, 1},
    {"SymbolThatIsText", "☺", 1, 0},
    {"Flag", "🇩🇪", 2, 0},
    {"DirectionMarksTakeNoRoom", "\xE2\x80\x8F(1)\xE2\x80\x8F", 3, 0},
    {"JoinersTakeNoRoom", "می\xE2\x80\x8Cخواهم", 7, 0},
};

class Extent : public testing::TestWithParam<ExtentCase> {};

TEST_P(Extent, IsThat) {
  TextRuler ruler;
  const TextExtent extent = ruler.measure(GetParam().text);
  EXPECT_EQ(extent.columns(), GetParam().columns);
  EXPECT_EQ(extent.wide, GetParam().wide);
}

INSTANTIATE_TEST_SUITE_P(Text, Extent, testing::ValuesIn(kExtentCases),
                         [](const auto& row) { return row.param.name; });

TEST(TextRuler, AgreesWithGlibAboutLettersOfAllScripts) {
  TextRuler ruler;
  for (gunichar c = 0x20; c < 0x20000; ++c) {
    if (c == 0xFFA0) continue;  // a filler: nothing is shown
    if (!g_unichar_isalpha(c) || g_unichar_type(c) == G_UNICODE_MODIFIER_LETTER) continue;
    char text[7] = {};
    text[g_unichar_to_utf8(c, text)] = '\0';
    const unsigned expected = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    EXPECT_EQ(ruler.measure(text).columns(), expected) << "U+" << std::hex << c;
  }
}

TEST(TextRuler, FindsClusters) {
  TextRuler ruler;
  EXPECT_EQ(ruler.clusters("a👨‍👩‍👧e\xCC\x81"), (std::vector<size_t>{0, 1, 19, 22}));
}

}  // namespace
}  // namespace npu::captions
