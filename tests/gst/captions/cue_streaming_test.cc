// SPDX-License-Identifier: LGPL-2.1-or-later
// The shaper gives the same cues however the words come, and as soon as they are decided.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "cue_rules.h"
#include "word_streams.h"

namespace npu::captions {
namespace {

void append(std::vector<Cue>& all, std::vector<Cue> more) {
  for (Cue& cue : more) all.push_back(std::move(cue));
}

// Pushes random chunks and tells truthfully about silence, as a recogniser would.
std::vector<Cue> shaped_in_chunks(const CueShape& shape, const WordStream& stream, uint64_t seed) {
  std::mt19937_64 engine(seed);
  CueShaper shaper(shape);
  shaper.set_language(stream.language);
  std::vector<Cue> cues;
  const std::span<const CaptionWord> words = stream.words;
  for (size_t at = 0; at < words.size();) {
    const size_t count = std::min<size_t>(engine() % 7, words.size() - at);
    append(cues, shaper.push(words.subspan(at, count)));
    at += count;
    if (engine() % 2 == 0) {
      int64_t next_ns = std::numeric_limits<int64_t>::max();
      for (size_t later = at; later < words.size(); ++later) {
        next_ns = std::min(next_ns, words[later].start_ns);
      }
      // With nothing to come, any time is true; one far away, so that it decides.
      if (at == words.size()) next_ns = words.back().end_ns / 2 + (int64_t{1} << 40);
      next_ns = std::max(next_ns, -(int64_t{1} << 60));
      append(cues, shaper.silent_until(next_ns - static_cast<int64_t>(engine() % 2) * 700 * kMs));
    }
  }
  append(cues, shaper.finish());
  return cues;
}

TEST(CueStream, ChunksAndSilenceChangeNoCueOfRecordedSpeech) {
  for (const WordStream& stream : recorded_streams()) {
    const std::string expected = listing(shaped(CueShape{}, stream));
    for (uint64_t seed = 0; seed < 5; ++seed) {
      EXPECT_EQ(listing(shaped_in_chunks(CueShape{}, stream, seed)), expected) << stream.name;
    }
  }
}

TEST(CueStream, ChunksAndSilenceChangeNoCueOfRandomStreams) {
  for (uint64_t seed = 0; seed < 10'000; ++seed) {
    const WordStream stream = seed % 2 == 0 ? random_stream(seed) : random_speech(seed);
    const std::string expected = listing(shaped(CueShape{}, stream));
    ASSERT_EQ(listing(shaped_in_chunks(CueShape{}, stream, seed)), expected) << stream.name;
  }
}

TEST(CueStream, NoCueBeginsBeforeTheDecidedTime) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const WordStream stream = random_speech(seed);
    CueShaper shaper(CueShape{});
    shaper.set_language(stream.language);
    int64_t decided_ns = shaper.decided_ns();
    const auto check = [&](const std::vector<Cue>& cues) {
      for (const Cue& cue : cues) {
        ASSERT_GE(cue.start_ns, decided_ns) << stream.name;
        ASSERT_GT(shaper.decided_ns(), cue.end_ns) << stream.name;
      }
      ASSERT_GE(shaper.decided_ns(), decided_ns) << stream.name;
      decided_ns = shaper.decided_ns();
    };
    for (const CaptionWord& word : stream.words) {
      check(shaper.silent_until(word.start_ns));
      check(shaper.push(std::span(&word, 1)));
    }
    for (const Cue& cue : shaper.finish()) ASSERT_GE(cue.start_ns, decided_ns) << stream.name;
  }
}

TEST(CueStream, SilenceAloneDecidesTheLastCue) {
  CueShaper shaper(CueShape{});
  EXPECT_TRUE(shaper.push(spoken(" Good morning, everybody.")).empty());
  EXPECT_EQ(shaper.decided_ns(), 0);
  EXPECT_TRUE(shaper.silent_until(1800 * kMs).empty()) << "a word may still follow at once";
  const std::vector<Cue> cues = shaper.silent_until(1900 * kMs + kSecond);
  ASSERT_EQ(cues.size(), 1U);
  EXPECT_EQ(cues[0].text(), "Good morning, everybody.");
  EXPECT_EQ(shaper.decided_ns(), 1900 * kMs + kSecond);
  EXPECT_TRUE(shaper.finish().empty());
}

TEST(CueStream, AnOpenSentenceWaitsForTheLongerPause) {
  CueShaper shaper(CueShape{});
  EXPECT_TRUE(shaper.push(spoken(" This is not the")).empty());
  EXPECT_TRUE(shaper.silent_until(1200 * kMs + 2 * kSecond).empty());
  EXPECT_EQ(shaper.silent_until(1201 * kMs + 2 * kSecond).size(), 1U);
}

TEST(CueStream, TextWithoutPauseComesOutWithinTheHorizon) {
  CueShape shape;
  shape.horizon_ns = 10 * kSecond;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const WordStream stream = random_speech(seed);
    CueShaper shaper(shape);
    size_t out = 0;
    for (size_t index = 0; index < stream.words.size(); ++index) {
      for (const Cue& cue : shaper.push(std::span(&stream.words[index], 1))) {
        out += cue.words.size();
      }
      // A word is judged when one or two more are known, in scripts without spaces some more.
      if (index < 42) continue;
      ASSERT_LE(stream.words[index - 42].start_ns - stream.words[out].start_ns, shape.horizon_ns)
          << stream.name;
    }
  }
}

TEST(CueStream, ResetForgetsWordsAndTimes) {
  CueShaper shaper(CueShape{});
  shaper.push(spoken(" This is forgotten.", 300 * kMs, 100 * kSecond));
  shaper.silent_until(200 * kSecond);
  shaper.push(spoken(" So is", 300 * kMs, 300 * kSecond));
  shaper.reset();
  EXPECT_EQ(shaper.decided_ns(), std::numeric_limits<int64_t>::min());
  EXPECT_TRUE(shaper.push(spoken(" From the beginning.")).empty());
  const std::vector<Cue> cues = shaper.finish();
  ASSERT_EQ(cues.size(), 1U);
  EXPECT_EQ(cues[0].start_ns, 0);
  EXPECT_EQ(cues[0].text(), "From the beginning.");
}

TEST(CueStream, CanBeUsedAgainAfterItsEnd) {
  CueShaper shaper(CueShape{});
  for (int round = 0; round < 2; ++round) {
    shaper.push(spoken(" The same words."));
    const std::vector<Cue> cues = shaper.finish();
    ASSERT_EQ(cues.size(), 1U);
    EXPECT_EQ(cues[0].start_ns, 0);
  }
}

}  // namespace
}  // namespace npu::captions
