// SPDX-License-Identifier: LGPL-2.1-or-later
// Where chunks begin and end.
#include "whisper/batch/chunker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "model/dims.h"

namespace npu {
namespace {

using Spans = std::vector<FrameSpan>;
constexpr int kNoEnd = std::numeric_limits<int>::max();

Spans part(const Spans& spans, int from, int until) {
  Spans found;
  for (const FrameSpan& span : spans) {
    const FrameSpan cut{std::max(span.begin, from), std::min(span.end, until)};
    if (cut.begin < cut.end) found.push_back(cut);
  }
  return found;
}

// The next chunk of a stream of which all is known, as the transcriber asks for it.
std::optional<Chunk> next(int start, int clip_end, const Spans& speech, const Spans& pauses) {
  const int heard = std::min(start + kWindowFrames, clip_end);
  return chunk_of_speech(start, clip_end, part(speech, start, heard), part(pauses, start, heard));
}

void expect_chunk(const std::optional<Chunk>& chunk, int start, int end, bool cut) {
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->start, start);
  EXPECT_EQ(chunk->end, end);
  EXPECT_EQ(chunk->cut, cut);
}

TEST(Chunker, StretchesAreJoinedUpToAWindow) {
  const Spans speech{{100, 600}, {700, 1500}, {1600, 2900}, {3000, 3500}};
  const Spans pauses{{580, 720}, {1480, 1620}, {2880, 3020}};
  expect_chunk(next(100, kNoEnd, speech, pauses), 100, 2900, true);
}

TEST(Chunker, ALongPauseEndsAChunk) {
  expect_chunk(next(100, kNoEnd, {{100, 600}, {900, 1500}}, {{580, 920}}), 100, 600, false);
  expect_chunk(next(100, kNoEnd, {{100, 600}, {899, 1500}}, {{580, 919}}), 100, 1500, false);
}

TEST(Chunker, TheEndOfTheClipEndsAChunk) {
  expect_chunk(next(50, 2000, {{50, 2500}}, {}), 50, 2000, false);
  expect_chunk(next(50, 2000, {{50, 1990}}, {}), 50, 1990, false);
}

TEST(Chunker, LongSpeechIsCutInTheLongestPauseOfTheLastThird) {
  const Spans speech{{0, 9000}};
  // The middle of a short one; after 0.2 s of a longer one.
  expect_chunk(next(0, kNoEnd, speech, {{500, 560}, {2200, 2230}, {2700, 2722}}), 0, 2215, true);
  expect_chunk(next(0, kNoEnd, speech, {{500, 560}, {2200, 2260}, {2700, 2722}}), 0, 2220, true);
  // The latest of equals.
  expect_chunk(next(0, kNoEnd, speech, {{2200, 2230}, {2700, 2730}}), 0, 2715, true);
}

TEST(Chunker, ABreathBeforeTheLastThirdIsBetterThanAShortPauseInIt) {
  expect_chunk(next(0, kNoEnd, {{0, 9000}}, {{900, 925}, {2700, 2712}}), 0, 912, true);
  expect_chunk(next(0, kNoEnd, {{0, 9000}}, {{900, 912}, {2700, 2712}}), 0, 2706, true);
}

TEST(Chunker, AnyPauseIsBetterThanNone) {
  expect_chunk(next(0, kNoEnd, {{0, 9000}}, {{100, 112}}), 0, 106, true);
  EXPECT_FALSE(next(0, kNoEnd, {{0, 9000}}, {}));
}

TEST(Chunker, WithoutSpeechDetectionTheQuietestPlaceIsTaken) {
  std::vector<float> energies(kWindowFrames, 1.0F);
  std::fill_n(energies.begin() + 1000, 30, 0.0F);
  std::fill_n(energies.begin() + 2500, 20, 0.1F);
  const Chunk chunk = chunk_of_audio(700, kNoEnd, energies);
  EXPECT_EQ(chunk.end, 700 + 2510);
  EXPECT_TRUE(chunk.cut);
  EXPECT_EQ(chunk_of_audio(700, 3700, {}).end, 3700);
}

// A stream of words with pauses, some long, as the detector would tell of it.
struct Talk {
  Spans words, speech, pauses;
  int end;
};

Talk some_talk(unsigned seed) {
  std::mt19937 random(seed);
  const auto between = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  Talk talk;
  int at = between(0, 400);
  const int rare = between(1, 60);
  for (int word = 0; word < 400; ++word) {
    talk.words.push_back({at, at + between(10, 60)});
    const int said = talk.words.back().end;
    const int kind = between(0, rare);
    const int pause = kind == 0 ? between(50, 800) : kind < 6 ? between(10, 49) : between(0, 9);
    at = said + pause;
    if (pause >= 10) talk.pauses.push_back({said, at});
  }
  talk.end = at;
  for (const FrameSpan& word : talk.words) {
    if (!talk.speech.empty() && word.begin - talk.speech.back().end < 50)
      talk.speech.back().end = word.end;
    else
      talk.speech.push_back(word);
  }
  for (FrameSpan& stretch : talk.speech)
    stretch = {std::max(0, stretch.begin - 20), std::min(talk.end, stretch.end + 20)};
  return talk;
}

class ChunksOf : public ::testing::TestWithParam<unsigned> {};

TEST_P(ChunksOf, SpeechCoverItOnceAndEndInPauses) {
  const Talk talk = some_talk(GetParam());
  int from = 0;
  size_t word = 0;
  while (true) {
    const Spans left = part(talk.speech, from, talk.end);
    if (left.empty()) break;
    const auto chunk = next(left.front().begin, talk.end, talk.speech, talk.pauses);
    const int start = left.front().begin, limit = std::min(start + kWindowFrames, talk.end);
    const bool any_pause = std::any_of(
        talk.pauses.begin(), talk.pauses.end(),
        [&](const FrameSpan& pause) { return pause.begin > start && pause.begin < limit; });
    ASSERT_TRUE(chunk || !any_pause);
    if (!chunk) GTEST_SKIP() << "30 s without a pause";
    ASSERT_GE(chunk->start, from);
    ASSERT_GT(chunk->end, chunk->start);
    ASSERT_LE(chunk->end - chunk->start, kWindowFrames);
    for (; word < talk.words.size() && talk.words[word].begin < chunk->end; ++word) {
      EXPECT_GE(talk.words[word].begin, chunk->start);
      EXPECT_LE(talk.words[word].end, chunk->end) << "cut in a word at " << chunk->end;
    }
    from = chunk->end;
  }
  EXPECT_EQ(word, talk.words.size());
}

INSTANTIATE_TEST_SUITE_P(Talks, ChunksOf, ::testing::Range(0U, 60U));

}  // namespace
}  // namespace npu
