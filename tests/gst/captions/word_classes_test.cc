// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of function words, as a table.
#include "captions/word_classes.h"

#include <glib.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

namespace npu::captions {
namespace {

std::vector<std::string> words_of(const WordClassRow& row) {
  std::istringstream stream{std::string(row.words)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST(WordClasses, CoverTheLanguages) {
  std::set<std::string_view> languages;
  for (const WordClassRow& row : word_class_rows()) languages.insert(row.language);
  for (const char* language :
       {"en", "de", "fr", "es", "it", "pt", "nl", "ru", "pl", "ja", "zh", "ko", "ar", "hi"}) {
    EXPECT_TRUE(languages.contains(language)) << language;
  }
}

TEST(WordClasses, HoldWordsAsTheyAreLookedUp) {
  for (const WordClassRow& row : word_class_rows()) {
    for (const std::string& word : words_of(row)) {
      char* lower = g_utf8_strdown(word.c_str(), -1);
      char* composed = g_utf8_normalize(lower, -1, G_NORMALIZE_NFC);
      // What NFC itself takes apart (Devanagari letters with a dot below) stays as it is written.
      EXPECT_TRUE(word == composed || row.language == "hi") << row.language << " " << word;
      g_free(composed);
      g_free(lower);
      EXPECT_NE(word_classes(row.language, word) & row.word_class, 0) << word;
    }
  }
}

TEST(WordClasses, NameNoWordTwiceInARow) {
  for (const WordClassRow& row : word_class_rows()) {
    std::map<std::string, int> counts;
    for (const std::string& word : words_of(row)) ++counts[word];
    for (const auto& [word, count] : counts) EXPECT_EQ(count, 1) << row.language << " " << word;
  }
}

TEST(WordClasses, DoNotBindAWordBothWays) {
  for (const WordClassRow& row : word_class_rows()) {
    if (row.word_class != kBindsPrevious) continue;
    for (const std::string& word : words_of(row)) {
      const uint8_t classes = word_classes(row.language, word);
      EXPECT_EQ(classes & (kBindsNext | kPreposition), 0) << row.language << " " << word;
    }
  }
}

TEST(WordClasses, FindElidedWords) {
  EXPECT_EQ(word_classes("fr", "qu'elles"), kConjunction);
  EXPECT_EQ(word_classes("fr", "l’homme"), kBindsNext);
  EXPECT_EQ(word_classes("it", "dell'arte"), kPreposition);
}

TEST(WordClasses, IgnoreRegionsAndKnowNothingElse) {
  EXPECT_EQ(word_classes("en-GB", "and"), kConjunction);
  EXPECT_EQ(word_classes("en", "table"), kNoClass);
  EXPECT_EQ(word_classes("xx", "and"), kNoClass);
  EXPECT_EQ(word_classes("", ""), kNoClass);
}

}  // namespace
}  // namespace npu::captions
