// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/sentences.h"

#include <gtest/gtest.h>

namespace npu {
namespace {

using Ends = std::vector<size_t>;

Ends ends_of(std::initializer_list<const char*> texts) {
  std::vector<WordTiming> words;
  for (const char* text : texts) words.push_back({text, {}, 0, 0, 1});
  return sentence_ends(words);
}

TEST(Sentences, EndWithAMark) {
  EXPECT_EQ(ends_of({" It", " is", " so.", " Is", " it", " so?", " Yes", " it"}), (Ends{3, 6, 8}));
  EXPECT_EQ(ends_of({"是", "这", "样。", "吗"}), (Ends{3, 4}));
}

TEST(Sentences, TakeClosingQuotesAlong) {
  EXPECT_EQ(ends_of({" \"It", " is", " so.\"", " Then"}), (Ends{3, 4}));
  EXPECT_EQ(ends_of({" (it", " is", " so!)", " Then"}), (Ends{3, 4}));
}

TEST(Sentences, ShortOnesStayWithTheNext) {
  EXPECT_EQ(ends_of({" Mr.", " Bell", " is", " here."}), (Ends{4}));
  EXPECT_EQ(ends_of({" Yes.", " No.", " Yes.", " No."}), (Ends{3, 4}));
}

// merge_punctuations() leaves empty words behind.
TEST(Sentences, EmptyWordsBelongToTheSentenceBefore) {
  EXPECT_EQ(ends_of({" It", " is", " so.", ""}), (Ends{4}));
  EXPECT_EQ(ends_of({" It", " is", " so.", "", " And", "", " so"}), (Ends{3, 7}));
}

TEST(Sentences, OfNothingThereAreNone) {
  EXPECT_EQ(ends_of({}), Ends{});
  EXPECT_EQ(ends_of({" no", " mark"}), Ends{2});
}

}  // namespace
}  // namespace npu
