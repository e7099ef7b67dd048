// SPDX-License-Identifier: LGPL-2.1-or-later
// Guesses at tokens to come, and how many of them are checked.
#include "whisper/draft.h"

#include <gtest/gtest.h>

namespace npu {
namespace {

using Tokens = std::vector<int>;

constexpr int kVocabulary = 51865;
constexpr int kTime = 50364;
constexpr int kStart = 50258;

struct GuessCase {
  const char* name;
  Tokens before, expected, path;
  size_t most;
  Tokens guesses;
};

const GuessCase kCases[] = {
    {"NothingIsKnown", {}, {}, {kTime, 1, 2, 3}, 8, {}},
    {"TheExpectedTextFromItsBeginning", {}, {kTime, 1, 2, 3}, {}, 8, {kTime, 1, 2, 3}},
    {"NoMoreThanAreWanted", {}, {kTime, 1, 2, 3}, {}, 2, {kTime, 1}},
    {"TheExpectedTextAsFarAsItWent", {}, {kTime, 1, 2, 3}, {kTime, 1}, 8, {2, 3}},
    {"NothingBehindTheExpectedText", {}, {kTime, 1, 2}, {kTime, 1, 2}, 8, {}},
    {"TheExpectedTextBehindTwoOfItsTokens",
     {},
     {kTime, 1, 2, 3, 4, 5},
     {kTime + 5, 9, 3, 4},
     8,
     {5}},
    {"NotBehindOne", {}, {kTime, 1, 2, 3, 4, 5}, {kTime, 9, 4}, 8, {}},
    {"TimesOfTheExpectedTextAsTheyAre",
     {},
     {kTime, 1, 2, kTime + 50, kTime + 60, 3},
     {kTime + 7, 1, 2},
     8,
     {kTime + 50, kTime + 60, 3}},
    {"WhatFollowedThreeTokens", {}, {}, {1, 2, 3, 4, 5, 1, 2, 3}, 2, {4, 5}},
    {"NotTwo", {}, {}, {1, 2, 4, 5, 1, 2}, 2, {}},
    {"ALoopGoesOnAndOn", {}, {}, {7, 1, 2, 1, 2, 1, 2, 1}, 5, {2, 1, 2, 1, 2}},
    {"TheLongestMatch", {}, {}, {9, 1, 2, 3, 4, 8, 1, 2, 3, 5, 9, 1, 2, 3}, 1, {4}},
    {"TheLatestAmongEquals", {}, {}, {1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3}, 1, {5}},
    {"PreviousText", {1, 2, 3, 4}, {}, {1, 2, 3}, 8, {4}},
    {"NoSpecialTokens", {1, 2, 3, kStart, 4}, {}, {1, 2, 3}, 8, {}},
    {"TimesOfALoopGoOn",
     {},
     {},
     {kTime, 1, 2, 3, kTime + 10, kTime + 10, 1, 2, 3},
     5,
     {kTime + 20, kTime + 20, 1, 2, 3}},
    {"NoTimeBeyondTheLast",
     {},
     {},
     {kTime + 700, 1, 2, 3, kTime + 1200, kTime + 1200, 1, 2, 3},
     5,
     {}},
    {"NoTimeBehindTextWithoutAny", {0, 1, 2, 3, kTime + 5}, {}, {kTime, 1, 2, 3}, 5, {}},
};

class Guesses : public ::testing::TestWithParam<GuessCase> {};

TEST_P(Guesses, Are) {
  const GuessCase& test = GetParam();
  const DraftSource source(special_tokens(kVocabulary), kVocabulary, test.before, test.expected);
  Tokens path = test.path;
  source.extend(path, test.most);
  ASSERT_GE(path.size(), test.path.size());
  const auto added = path.begin() + static_cast<std::ptrdiff_t>(test.path.size());
  EXPECT_EQ(Tokens(path.begin(), added), test.path);
  EXPECT_EQ(Tokens(added, path.end()), test.guesses);
}

INSTANTIATE_TEST_SUITE_P(Draft, Guesses, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(DraftBudget, WrongGuessesCostEightRowsAndOneMoreInEightSteps) {
  DraftBudget budget;
  size_t rows = 0;
  for (int step = 0; step < 800; ++step) {
    rows += budget.allowed();
    budget.account(budget.allowed(), 0);
  }
  EXPECT_LE(rows, 8U + 800 / 8);
  EXPECT_GE(rows, 8U + 800 / 8 - 8);
}

TEST(DraftBudget, RightGuessesGrowToTheMostThatAreChecked) {
  DraftBudget budget;
  EXPECT_LT(budget.allowed(), kMostGuesses);
  for (int step = 0; step < 3; ++step) budget.account(budget.allowed(), budget.allowed());
  EXPECT_EQ(budget.allowed(), kMostGuesses);
}

TEST(DraftBudget, WrongOnesAfterAnyNumberOfRightOnesEndSoon) {
  DraftBudget budget;
  for (int step = 0; step < 100; ++step) budget.account(budget.allowed(), budget.allowed());
  size_t rows = 0;
  for (int step = 0; step < 8; ++step) {
    rows += budget.allowed();
    budget.account(budget.allowed(), 0);
  }
  EXPECT_LE(rows, 18U);
}

TEST(DraftBudget, OneRightGuessInThreeKeepsItGoing) {
  DraftBudget budget;
  for (int step = 0; step < 300; ++step) {
    ASSERT_GT(budget.allowed(), 0U) << "step " << step;
    budget.account(budget.allowed(), (budget.allowed() + 2) / 3);
  }
}

TEST(GuessesOfEach, AreNoneWhereTheyDoNotPay) {
  EXPECT_EQ(guesses_of_each(1), kMostGuesses);
  EXPECT_EQ(guesses_of_each(2), kMostGuesses / 2);
  EXPECT_EQ(guesses_of_each(3), 0U);
}

}  // namespace
}  // namespace npu
