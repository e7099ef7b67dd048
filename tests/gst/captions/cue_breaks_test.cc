// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole texts to cues: "/" divides lines, "|" divides cues.
#include <gtest/gtest.h>

#include "cue_rules.h"
#include "word_streams.h"

namespace npu::captions {
namespace {

std::string layout(const std::vector<Cue>& cues) {
  std::string text;
  for (const Cue& cue : cues) {
    if (!text.empty()) text += " | ";
    for (size_t line = 0; line < cue.lines.size(); ++line) {
      text += (line > 0 ? " / " : "") + cue.lines[line];
    }
  }
  return text;
}

struct LayoutCase {
  const char* name;
  const char* language;
  const char* text;
  const char* cues;
};

const LayoutCase kLayoutCases[] = {
    {"ShortTextIsOneLine", "en", " Good morning.", "Good morning."},
    {"LongTextIsTwoLinesAtTheComma", "en", " We left before dawn, and the road was empty.",
     "We left before dawn, / and the road was empty."},
    {"LinesAreBalanced", "en", " There were many people waiting outside the station today.",
     "There were many people waiting / outside the station today."},
    {"ArticleStaysWithItsNoun", "en", " Nobody could remember having seen the extraordinary thing.",
     "Nobody could remember having seen / the extraordinary thing."},
    {"NameStaysTogether", "en", " They were told that Commander Laurel Clark was not there.",
     "They were told that / Commander Laurel Clark was not there."},
    {"SentencesAreCuesOfTheirOwn", "en",
     " The first sentence ends here. The second one is as long as that.",
     "The first sentence ends here. | The second one is as long as that."},
    {"VeryShortSentencesShareACue", "en", " No. Yes. Maybe.", "No. Yes. Maybe."},
    {"LongSentenceIsDividedAtTheClause", "en",
     " When the rain had finally stopped in the evening, the children ran out of the house and "
     "played until it was dark.",
     "When the rain had finally / stopped in the evening, | the children ran out of the house / "
     "and "
     "played until it was dark."},
    {"NoSentenceBeginsAtTheEndOfACue", "en",
     " All of them agreed with him. And then the visitors who had waited at the gate since the "
     "early morning were let in.",
     "All of them agreed with him. | And then the visitors / who had waited at the gate | since "
     "the "
     "early morning were let in."},
    {"LongPauseDividesEvenAPhrase", "en", " This is the {2100} end of it.",
     "This is the | end of it."},
    {"PauseAfterASentenceDivides", "en", " Yes. {1000} This is the end.",
     "Yes. | This is the end."},
    {"ContractionsAreNotTornApart", "en", " I don 't know what you 're saying.",
     "I don 't know what you 're saying."},
    {"German", "de", " Dieses Sediment war nötig, um Sandbänke und Strände zu bilden.",
     "Dieses Sediment war nötig, / um Sandbänke und Strände zu bilden."},
    {"French", "fr", " Il a fallu passer par un jeu décisif une fois que le score était égal.",
     "Il a fallu passer par un jeu décisif / une fois que le score était égal."},
    {"Russian", "ru", " Вы можете найти полезную информацию для устранения ошибки.",
     "Вы можете найти полезную информацию / для устранения ошибки."},
    {"Hindi", "hi", " यह पुराना घर बहुत बड़ा है और इसमें बहुत सारे लोग रहते हैं।",
     "यह पुराना घर बहुत बड़ा है / और इसमें बहुत सारे लोग रहते हैं।"},
};

class Layout : public testing::TestWithParam<LayoutCase> {};

TEST_P(Layout, IsAnEditors) {
  const WordStream stream{"", GetParam().language, spoken(GetParam().text, 400 * kMs)};
  EXPECT_EQ(layout(shaped(CueShape{}, stream)), GetParam().cues);
}

INSTANTIATE_TEST_SUITE_P(Cues, Layout, testing::ValuesIn(kLayoutCases),
                         [](const auto& row) { return row.param.name; });

const LayoutCase kDenseCases[] = {
    {"ChineseBreaksAfterTheComma", "zh", "我们的计划是从明天开始，但是因为天气不好所以取消了。",
     "我们的计划是从明天开始， / 但是因为天气不好所以取消了。"},
    {"JapaneseBreaksBetweenPhrases", "ja", "キャンプの外れの電柱に電球が止まっていた。",
     "キャンプの外れの電柱に / 電球が止まっていた。"},
    {"ThaiBreaksBetweenWords", "th", "สวัสดีครับผมชื่อสมชายและผมมาจากกรุงเทพครับ",
     "สวัสดีครับผมชื่อสมชายและผมมาจากกรุงเทพครับ"},
};

class DenseLayout : public testing::TestWithParam<LayoutCase> {};

TEST_P(DenseLayout, IsAnEditors) {
  const WordStream stream{"", GetParam().language, spoken_characters(GetParam().text)};
  EXPECT_EQ(layout(shaped(CueShape{}, stream)), GetParam().cues);
}

INSTANTIATE_TEST_SUITE_P(Cues, DenseLayout, testing::ValuesIn(kDenseCases),
                         [](const auto& row) { return row.param.name; });

TEST(CueLines, HoldSixteenWideCharacters) {
  std::string text;
  for (int index = 0; index < 33; ++index) text += "語";
  const std::vector<Cue> cues = shaped({}, {"", "ja", spoken_characters(text, 100 * kMs)});
  ASSERT_EQ(cues.size(), 2U);
  for (const Cue& cue : cues) {
    for (const std::string& line : cue.lines) EXPECT_LE(glib_columns(line), 32U);
  }
}

TEST(CueLines, BreakATooLongWordBetweenGraphemeClusters) {
  std::string text = " ";
  for (int index = 0; index < 30; ++index) text += "e\xCC\x81👨‍👩‍👧";
  const std::vector<Cue> cues = shaped({}, {"", "en", {{text, 0, 2 * kSecond, 0.5}}});
  ASSERT_EQ(cues.size(), 2U);
  EXPECT_EQ(cues[0].words.size(), 1U);
  EXPECT_TRUE(cues[1].words.empty()) << "the word goes on";
  std::string joined = " ";
  for (const Cue& cue : cues) {
    for (const std::string& line : cue.lines) {
      joined += line;
      EXPECT_FALSE(line.starts_with("\xCC\x81"));
      EXPECT_FALSE(line.starts_with("\xE2\x80\x8D"));
    }
  }
  EXPECT_EQ(joined, text);
}

TEST(CueLines, KeepAClusterThatComesInSeveralWords) {
  CueShape shape;
  shape.max_line_chars = 2;
  const std::vector<Cue> cues = shaped(shape, {"",
                                               "de",
                                               {{" \xF0\x9F\x87\xA9", 0, kSecond, 0.5},
                                                {"\xF0\x9F\x87\xAA", kSecond, 2 * kSecond, 0.5}}});
  ASSERT_EQ(cues.size(), 1U);
  EXPECT_EQ(cues[0].text(), "🇩🇪");
  EXPECT_EQ(cues[0].words.size(), 2U);
}

TEST(CueLines, BreakALinkWhereUnicodeAllowsIt) {
  const std::vector<Cue> cues = shaped(
      {},
      {"", "en", {{" https://example.org/a/rather/long/path/to/some/thing.html", 0, kSecond, 1}}});
  ASSERT_EQ(cues.size(), 1U);
  ASSERT_EQ(cues[0].lines.size(), 2U);
  EXPECT_TRUE(cues[0].lines[0].ends_with('/')) << cues[0].lines[0];
}

TEST(CueTimes, AWordLongerThanACueCountsAsLongAsACue) {
  const std::vector<Cue> cues = shaped({}, {"", "en", {{" Oh", 0, 60 * kSecond, 0.5}}});
  ASSERT_EQ(cues.size(), 1U);
  EXPECT_EQ(cues[0].end_ns, 7 * kSecond);
}

TEST(CueTimes, WordsThatComeAllAtOnceAreShownOneCueAfterTheOther) {
  std::vector<CaptionWord> words;
  for (int index = 0; index < 40; ++index) words.push_back({" simultaneous", 0, 0, 0.5});
  const std::vector<Cue> cues = shaped({}, {"", "en", words});
  EXPECT_EQ(broken_hard_rule({}, words, cues), "");
  ASSERT_GE(cues.size(), 2U);
  EXPECT_EQ(cues[0].start_ns, 0);
  EXPECT_EQ(cues[1].start_ns, 183 * kMs);
}

}  // namespace
}  // namespace npu::captions
