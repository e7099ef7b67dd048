// SPDX-License-Identifier: LGPL-2.1-or-later
// The silence rules against the reference's own loop, run on generated tokens and words.
#include "whisper/hallucination.h"

#include <gtest/gtest.h>

#include "result.h"
#include "word_times_reference.h"

namespace npu {
namespace {

using testing::read_segments;
using testing::word_times_reference;

// The segments as they are once words have been dealt to them.
std::vector<Segment> dealt_segments(const nlohmann::json& window) {
  auto segments = read_segments(window);
  for (size_t i = 0; i < segments.size(); ++i) {
    const auto& dealt = window["dealt"][i];
    segments[i].start_s = dealt[0];
    segments[i].end_s = dealt[1];
    for (const auto& word : dealt[2])
      segments[i].words.push_back({word[0], word[1], word[2], word[3]});
  }
  return segments;
}

class JudgeWindow : public ::testing::TestWithParam<size_t> {};

TEST_P(JudgeWindow, GoesOnAndKeepsAsTheReference) {
  const auto& test = word_times_reference()["dealing"][GetParam()];
  const auto& windows = test["windows"];
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto& window = windows[i];
    SCOPED_TRACE(text("window at ", window["seek"].get<int>()));
    WindowFacts facts{};
    facts.start = window["seek"];
    facts.frames = window["frames"];
    facts.next = window["next"];
    facts.content_frames = test["content_frames"];
    facts.single_ending = window["single_ending"];
    if (!test["threshold"].is_null()) facts.silence_threshold_s = test["threshold"];
    facts.last_speech_s = window["last_speech"];

    auto segments = dealt_segments(window);
    const WindowVerdict verdict = judge_window(segments, facts);
    EXPECT_EQ(segments.size(), window["kept"].get<size_t>());
    if (i + 1 == windows.size()) {
      EXPECT_GE(verdict.next, facts.content_frames);
    } else {
      EXPECT_EQ(verdict.next, windows[i + 1]["seek"].get<int>());
      EXPECT_EQ(verdict.last_speech_s, windows[i + 1]["last_speech"].get<double>());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, JudgeWindow, ::testing::Range(size_t{0}, size_t{12}));

Segment with_words(std::vector<Word> words) {
  return {0, 0, 1, "", {}, std::move(words), 0, 0, 0, 0};
}

TEST(IsAnomalous, WeighsProbabilityAndDuration) {
  const Word good{" a", 0, 0.5, 0.9F};
  const Word improbable{" a", 0, 0.5, 0.1F};
  const Word instant{" a", 1, 1, 0.9F};
  const Word endless{" a", 0, 5.5, 0.9F};
  EXPECT_FALSE(is_anomalous(with_words({})));
  EXPECT_FALSE(is_anomalous(with_words({good})));
  EXPECT_FALSE(is_anomalous(with_words({good, improbable})));
  EXPECT_TRUE(is_anomalous(with_words({improbable, improbable})));
  EXPECT_TRUE(is_anomalous(with_words({good, good, instant, instant})));  // 2 x 1.995 >= 3
  EXPECT_TRUE(is_anomalous(with_words({good, good, good, endless})));     // 3.5
}

TEST(IsAnomalous, JudgesTheFirstEightWordsWithoutPunctuation) {
  const Word good{" a", 0, 0.5, 0.9F};
  const Word mark{"?", 0, 0.5, 0.1F};
  const Word endless{" a", 0, 5.5, 0.9F};
  EXPECT_FALSE(is_anomalous(with_words({8, good})));
  std::vector<Word> late(8, good);
  late.push_back(endless);
  EXPECT_FALSE(is_anomalous(with_words(late)));
  EXPECT_FALSE(is_anomalous(with_words({good, mark, mark, mark})));
  EXPECT_TRUE(is_anomalous(with_words({mark})));  // no word: 0.01 >= 0
}

}  // namespace
}  // namespace npu
