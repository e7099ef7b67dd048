// SPDX-License-Identifier: LGPL-2.1-or-later
// Words and their times against what the reference's functions gave for the same alignment.
#include "whisper/word_times.h"

#include <gtest/gtest.h>

#include "whisper/options.h"
#include "whisper/strip.h"
#include "word_times_reference.h"

namespace npu {
namespace {

using testing::read_segments;
using testing::read_words;
using testing::word_times_reference;

void expect_same(const std::vector<WordTiming>& found, const std::vector<WordTiming>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].text, expected[i].text) << "word " << i;
    EXPECT_EQ(found[i].tokens, expected[i].tokens) << "word " << i;
    EXPECT_EQ(found[i].start_s, expected[i].start_s) << "word " << i;
    EXPECT_EQ(found[i].end_s, expected[i].end_s) << "word " << i;
  }
}

TEST(MergePunctuations, JoinsWhatTheReferenceJoins) {
  const TranscribeOptions options;
  for (const auto& test : word_times_reference()["merging"]) {
    auto words = read_words(test["before"]);
    merge_punctuations(words, options.prepend_punctuations, options.append_punctuations);
    SCOPED_TRACE(test["before"].dump());
    expect_same(words, read_words(test["after"]));
  }
}

// Runs `check(window, case)` on each window of the generated transcriptions.
template <typename Check>
void for_each_window(Check check) {
  const auto& cases = word_times_reference()["dealing"];
  for (size_t i = 0; i < cases.size(); ++i) {
    for (const auto& window : cases[i]["windows"]) {
      SCOPED_TRACE(text("case ", i, ", window at ", window["seek"].get<int>()));
      check(window);
    }
  }
}

TEST(LimitDurations, CutsAtSentenceEndsAsTheReference) {
  for_each_window([](const nlohmann::json& window) {
    auto words = read_words(window["words"]);
    limit_durations(words);
    expect_same(words, read_words(window["limited"]));
  });
}

TEST(LimitDurations, NoWordsHaveNoDuration) {
  const WordDurations durations = limit_durations({});
  EXPECT_EQ(durations.median_s, 0);
  EXPECT_EQ(durations.max_s, 0);
}

TEST(DealWords, GivesSegmentsTheWordsAndTimesOfTheReference) {
  const TranscribeOptions options;
  const int end_of_text = word_times_reference()["end_of_text"];
  for_each_window([&](const nlohmann::json& window) {
    auto words = read_words(window["words"]);
    const WordDurations durations = limit_durations(words);
    merge_punctuations(words, options.prepend_punctuations, options.append_punctuations);
    auto segments = read_segments(window);
    deal_words(segments, words, durations, end_of_text, window["last_speech"]);
    ASSERT_EQ(segments.size(), window["dealt"].size());
    for (size_t s = 0; s < segments.size(); ++s) {
      SCOPED_TRACE(s);
      const auto& dealt = window["dealt"][s];
      EXPECT_EQ(segments[s].start_s, dealt[0].get<double>());
      EXPECT_EQ(segments[s].end_s, dealt[1].get<double>());
      ASSERT_EQ(segments[s].words.size(), dealt[2].size());
      for (size_t w = 0; w < dealt[2].size(); ++w) {
        EXPECT_EQ(segments[s].words[w].text, dealt[2][w][0].get<std::string>());
        EXPECT_EQ(segments[s].words[w].start_s, dealt[2][w][1].get<double>());
        EXPECT_EQ(segments[s].words[w].end_s, dealt[2][w][2].get<double>());
        EXPECT_EQ(segments[s].words[w].probability, dealt[2][w][3].get<float>());
      }
    }
  });
}

TEST(TimeWords, LastsFromItsFirstTokenToTheNextWord) {
  const Tokenizer::WordTokens words{{" one", " two", "<|endoftext|>"}, {{5, 6}, {7}, {50257}}};
  const TokenTimes times{{0.5F, 1.0F, 0.25F}, {0.1, 0.3, 0.62, 1.4}};
  expect_same(time_words(words, times),
              {{" one", {5, 6}, 0.1, 0.62, 0}, {" two", {7}, 0.62, 1.4, 0}});
  EXPECT_EQ(time_words(words, times)[0].probability, 0.75);
}

TEST(TimeWords, EndOfTextAloneIsNoWord) {
  EXPECT_TRUE(time_words({{"<|endoftext|>"}, {{50257}}}, {{}, {0.0}}).empty());
}

TEST(Strip, RemovesUnicodeSpaceFromBothEnds) {
  EXPECT_EQ(strip(" \t\n a b\xe3\x80\x80\xc2\xa0"), "a b");
  EXPECT_EQ(strip("\xe2\x80\x8b"), "\xe2\x80\x8b");  // a zero-width space is none
  EXPECT_EQ(strip(" \xe2\x80\xa8 "), "");
  EXPECT_EQ(strip(""), "");
}

TEST(Contains, AnEmptyPartIsInEverything) {
  EXPECT_TRUE(contains(".?!", ""));
  EXPECT_TRUE(contains(".?!", "?!"));
  EXPECT_FALSE(contains(".?!", "!?"));
}

}  // namespace
}  // namespace npu
