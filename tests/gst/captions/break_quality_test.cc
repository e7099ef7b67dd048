// SPDX-License-Identifier: LGPL-2.1-or-later
// Where an editor would break, place by place.
#include "captions/break_quality.h"

#include <gtest/gtest.h>

namespace npu::captions {
namespace {

using enum BreakQuality;

struct PlaceCase {
  const char* name;
  const char* language;
  const char* left;   // text before the place, from the beginning of the stretch
  const char* right;  // the word behind it
  BreakQuality quality;
};

const PlaceCase kPlaceCases[] = {
    {"SentenceEnds", "en", "It rained.", "We", kSentence},
    {"QuestionInQuotes", "en", "\"Why?\"", "He", kSentence},
    {"FullStopBeforeSmallLetter", "en", "It ended.", "and", kClause},
    {"EllipsisBeforeSmallLetter", "en", "Well...", "maybe", kClause},
    {"EllipsisBeforeCapital", "en", "Well…", "No", kSentence},
    {"Comma", "en", "In time,", "we", kClause},
    {"DashAlone", "en", "It —", "was", kClause},
    {"BeforeDashAlone", "en", "It", "—", kTight},
    {"ClosingBracket", "en", "(once)", "more", kClause},
    {"OpeningBracket", "en", "house", "(once", kConjunction},
    {"Title", "en", "Met Dr.", "Watson", kName},
    {"TitleWithoutStop", "en", "Met Mr", "Watson", kName},
    {"Initial", "en", "George W.", "Bush", kName},
    {"AbbreviationGoesOn", "en", "apples, etc.", "were", kPlain},
    {"AbbreviationBeforeNumber", "en", "see no.", "5", kName},
    {"Name", "en", "with Laurel", "Clark", kName},
    {"SentenceStartIsNoName", "en", "The", "Columbia", kTight},
    {"Enumeration", "en", "1.", "From", kName},
    {"YearEndsSentence", "en", "It was 1990.", "Then", kSentence},
    {"NumberGroups", "fr", "de 25", "000", kName},
    {"NumberAndUnit", "en", "about 20", "minutes", kTight},
    {"YearIsNoQuantity", "en", "since 1963", "they", kPlain},
    {"NounAndNumber", "en", "chapter", "3", kTight},
    {"BeforeConjunction", "en", "great sadness", "and", kConjunction},
    {"AfterConjunction", "en", "sadness and", "hope", kTight},
    {"BeforePreposition", "en", "lost contact", "with", kPreposition},
    {"AfterPreposition", "en", "contact with", "space", kTight},
    {"AfterArticle", "en", "saw the", "river", kTight},
    {"AfterAuxiliary", "en", "they have", "given", kTight},
    {"AfterPronoun", "en", "there they", "walked", kTight},
    {"BetweenPlainWords", "en", "terrible news", "today", kPlain},
    {"UnknownLanguage", "xx", "terrible news", "and", kPlain},
    {"NoLanguage", "", "terrible news.", "And", kSentence},
    {"GermanNounsAreNoNames", "de", "die Hoffnung", "wächst", kPlain},
    {"GermanRelativeClause", "de", "Männer", "welche", kConjunction},
    {"GermanHangingHyphen", "de", "merk-", "und", kTight},
    {"GermanOrdinal", "de", "am 3.", "Mai", kName},
    {"FrenchElision", "fr", "il dit", "qu'elle", kConjunction},
    {"FrenchArticle", "fr", "vers la", "ville", kTight},
    {"FrenchQuestionMarkWithSpace", "fr", "vraiment", "?", kInside},
    {"BeforeFrenchQuote", "fr", "dit", "«", kConjunction},
    {"AfterFrenchQuoteOpens", "fr", "dit «", "oui", kInside},
    {"ApostropheIsNoQuote", "en", "the dogs'", "house", kPlain},
    {"SentenceInApostrophes", "en", "'Why?'", "He", kSentence},
    {"SpanishQuestionOpens", "es", "su movimiento", "¿cierto?", kConjunction},
    {"ItalianPreposition", "it", "il libro", "della", kPreposition},
    {"PortugueseContraction", "pt", "o livro", "da", kPreposition},
    {"DutchArticle", "nl", "over het", "water", kTight},
    {"RussianParticleStays", "ru", "он сказал", "бы", kTight},
    {"RussianRelativePronoun", "ru", "файлов", "которые", kConjunction},
    {"PolishReflexive", "pl", "ona się", "śmieje", kTight},
    {"HindiPostpositionStays", "hi", "घर", "में", kTight},
    {"HindiAfterPostposition", "hi", "घर में", "लोग", kPreposition},
    {"HindiSentenceEnds", "hi", "वह गया।", "फिर", kSentence},
    {"ArabicPreposition", "ar", "ذهب", "إلى", kPreposition},
    {"ArabicQuestion", "ar", "كيف حالك؟", "أنا", kSentence},
    {"ArabicComma", "ar", "نعم،", "هذا", kClause},
    {"KoreanWords", "ko", "학교에", "갔습니다", kPlain},
    {"KoreanDependentNoun", "ko", "할", "수", kTight},
    {"ChineseSpaceIsAComma", "zh", "廣州市", "佛地產", kClause},
    {"ThaiSpaceEndsAPhrase", "th", "สวัสดีครับ", "ผม", kClause},
    {"ChineseBesideLatin", "zh", "公司", "Apple", kPlain},
};

class Place : public testing::TestWithParam<PlaceCase> {};

// Judges the words of left one by one, as they come.
TEST_P(Place, HasThisQuality) {
  const PlaceCase& c = GetParam();
  BreakJudge judge(c.language);
  std::optional<LeftSide> left;
  std::string_view rest = c.left;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const BreakQuality before = judge.judge(left ? &*left : nullptr, true, "", {word})[0];
    left = judge.left_side(word, before);
  }
  EXPECT_EQ(judge.judge(&*left, true, "", {c.right})[0], c.quality);
}

INSTANTIATE_TEST_SUITE_P(Break, Place, testing::ValuesIn(kPlaceCases),
                         [](const auto& row) { return row.param.name; });

struct RunCase {
  const char* name;
  const char* language;
  std::vector<std::string_view> pieces;
  std::vector<BreakQuality> qualities;
};

const RunCase kRunCases[] = {
    {"EnglishHyphenTakesBreakBehindIt", "en", {"well-", "known"}, {kSentence, kTight}},
    {"NoBreakBeforeHyphen", "en", {"C", "-apon"}, {kSentence, kInside}},
    {"NumberInTwoTokens", "en", {"20", "11"}, {kSentence, kInside}},
    {"DashBetweenWords", "en", {"oui—", "non"}, {kSentence, kClause}},
    {"JapanesePhrases",
     "ja",
     {"電", "球", "が", "止", "ま", "って", "いた。"},
     {kSentence, kName, kTight, kPreposition, kTight, kName, kName}},
    {"JapaneseComma", "ja", {"では、", "今日"}, {kSentence, kClause}},
    {"JapaneseClosingBracket", "ja", {"はい。", "」"}, {kSentence, kInside}},
    {"ChineseWords",
     "zh",
     {"我", "们", "的", "计", "划"},
     {kSentence, kName, kTight, kPreposition, kName}},
    {"ChineseConjunction",
     "zh",
     {"完", "工", "但", "直", "到"},
     {kSentence, kName, kConjunction, kTight, kName}},
    {"ChineseNumberAndCounter",
     "zh",
     {"2021", "年", "8", "月"},
     {kSentence, kTight, kTight, kTight}},
    {"ThaiWords", "th", {"สวัส", "ดี", "ครับ"}, {kSentence, kInside, kPlain}},
};

class Run : public testing::TestWithParam<RunCase> {};

TEST_P(Run, HasTheseQualities) {
  BreakJudge judge(GetParam().language);
  EXPECT_EQ(judge.judge(nullptr, false, "", GetParam().pieces), GetParam().qualities);
}

INSTANTIATE_TEST_SUITE_P(Break, Run, testing::ValuesIn(kRunCases),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace npu::captions
