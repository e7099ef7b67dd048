// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_gate.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "vad_sound.h"
#include "vad_weights.h"

namespace npu {
namespace {

using testing::sound;

constexpr int kEnd = std::numeric_limits<int>::max();

SpeechGate gate() {
  return SpeechGate(testing::loudness_model(), 0.5F);
}

SpeechGate after(const std::vector<float>& samples) {
  SpeechGate all = gate();
  all.push(samples);
  all.end_input();
  return all;
}

// Chunks of 32 ms, and their neighbours, limit how exactly an edge can be found.
constexpr int kEdge = 7;  // frames

TEST(SpeechGate, FindsSpeechWidened) {
  const SpeechGate found = after(sound({{2, false}, {3, true}, {2, false}}));
  ASSERT_TRUE(found.next_speech(0));
  EXPECT_NEAR(*found.next_speech(0), 180, kEdge);
  EXPECT_EQ(found.next_speech(300), 300);
  EXPECT_FALSE(found.next_speech(501));
  EXPECT_NEAR(found.speech_s(0, 700), 3, 0.1);
  EXPECT_NEAR(found.heard_s(), 3, 0.1);
  EXPECT_EQ(found.speech_s(0, 150), 0);
  EXPECT_EQ(found.settled(), kEnd);
}

TEST(SpeechGate, ARestOfSpeechThatIsAllWideningIsNone) {
  const SpeechGate found = after(sound({{3, true}, {2, false}, {1, true}, {1, false}}));
  EXPECT_EQ(found.next_speech(250), 250);
  EXPECT_NEAR(*found.next_speech(300), 480, kEdge);
}

TEST(SpeechGate, FindsTheFirstLongPause) {
  const SpeechGate found =
      after(sound({{2, true}, {2, false}, {2, true}, {4, false}, {2, true}, {1, false}}));
  const auto end = found.end_before_pause(0, 300, kEnd);
  ASSERT_TRUE(end);
  EXPECT_NEAR(*end, 620, kEdge);
  EXPECT_FALSE(found.end_before_pause(0, 300, *end + 299));  // the pause is not over by then
  EXPECT_EQ(found.end_before_pause(0, 300, *end + 300), end);
  EXPECT_NEAR(*found.end_before_pause(0, 150, kEnd), 220, kEdge);
  EXPECT_NEAR(*found.end_before_pause(700, 300, kEnd), 1220, kEdge);  // then nothing comes
}

TEST(SpeechGate, FindsTheLongestPause) {
  const SpeechGate found = after(
      sound({{2, true}, {1, false}, {2, true}, {2, false}, {2, true}, {1, false}, {2, true}}));
  EXPECT_NEAR(*found.pause(0, 1200), 600, kEdge);
  EXPECT_NEAR(*found.pause(0, 400), 250, kEdge);
  EXPECT_NEAR(*found.pause(700, 1200), 950, kEdge);
  EXPECT_NEAR(*found.pause(0, 600), 560, kEdge);  // of the second one, what lies before
  EXPECT_FALSE(found.pause(20, 180));
  EXPECT_FALSE(found.pause(300, 200));
  SpeechGate live = gate();
  live.push(sound({{2, true}, {2, false}, {2, true}}));
  EXPECT_NEAR(*live.pause(0, 450), 300, kEdge);
}

TEST(SpeechGate, TellsBeginningsAtOnceAndEndsAfterAPause) {
  SpeechGate live = gate();
  live.push(sound({{2, false}, {1, true}}));
  std::vector<SpeechTurn> turns = live.take_turns();
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_TRUE(turns[0].begins);
  EXPECT_NEAR(turns[0].time_s, 1.8, 0.07);
  live.push(sound({{2, true}, {0.4, false}, {1, true}}));  // a bridged pause
  EXPECT_TRUE(live.take_turns().empty());
  live.push(sound({{1, false}}));
  turns = live.take_turns();
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_FALSE(turns[0].begins);
  EXPECT_NEAR(turns[0].time_s, 6.6, 0.07);
  live.push(sound({{1, true}}));
  live.end_input();
  turns = live.take_turns();
  ASSERT_EQ(turns.size(), 2U);
  EXPECT_EQ(turns[1].time_s, 8.4);
}

TEST(SpeechGate, BeginsAnewAfterReset) {
  SpeechGate again = gate();
  again.push(sound({{3, true}}));
  again.reset();
  again.push(sound({{2, false}, {1, true}, {1, false}}));
  EXPECT_NEAR(*again.next_speech(0), 180, kEdge);
  const auto turns = again.take_turns();
  ASSERT_EQ(turns.size(), 2U);
  EXPECT_TRUE(turns[0].begins);
}

// What is settled stays so, and follows the input.
TEST(SpeechGate, SettlesWithinItsDelayAndDoesNotChangeItsMind) {
  std::mt19937 random(7);
  std::vector<float> samples;
  for (int i = 0; i < 60; ++i) {
    const double seconds = 0.05 + static_cast<double>(random() % 100) / 100;
    const auto piece = sound({{seconds, i % 2 == 1}});
    samples.insert(samples.end(), piece.begin(), piece.end());
  }
  const SpeechGate all = after(samples);
  SpeechGate live = gate();
  int settled = 0;
  for (size_t from = 0; from < samples.size(); from += 1600) {
    const size_t count = std::min<size_t>(1600, samples.size() - from);
    live.push(std::span(samples).subspan(from, count));
    EXPECT_GE(live.settled(), settled);
    settled = live.settled();
    EXPECT_GE(settled, static_cast<int>((from + count) / 160) - SpeechGate::kDelay);
    for (int frame = 0; frame < settled; frame += 5) {
      const bool speech = live.speech_s(frame, frame + 1) > 0;
      const bool in_fact = all.speech_s(frame, frame + 1) > 0;
      EXPECT_TRUE(speech || !in_fact) << frame << " of " << settled;
      // While it goes on, its widening counts.
      EXPECT_TRUE(!speech || all.speech_s(frame - 21, frame + 22) > 0)
          << frame << " of " << settled;
    }
  }
}

TEST(SpeechGate, ForgetsWhatIsDiscarded) {
  SpeechGate found = after(sound({{2, true}, {2, false}, {2, true}, {2, false}}));
  found.discard_before(400);
  EXPECT_EQ(found.speech_s(0, 300), 0);
  EXPECT_NEAR(*found.next_speech(0), 380, kEdge);
}

}  // namespace
}  // namespace npu
