// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_pauses.h"

#include <gtest/gtest.h>

namespace npu {
namespace {

using Spans = std::vector<FrameSpan>;

SpeechPauses pauses_of(std::initializer_list<float> probabilities) {
  SpeechPauses pauses(0.5F);
  for (const float probability : probabilities) pauses.push(probability);
  return pauses;
}

// Chunks have 3.2 frames.
TEST(SpeechPauses, AreFromTheFirstQuietChunkToTheNextSpeech) {
  const auto pauses = pauses_of({0.9F, 0.9F, 0.1F, 0.1F, 0.1F, 0.1F, 0.1F, 0.9F});
  EXPECT_EQ(pauses.between(0, 1000), (Spans{{7, 22}}));
}

TEST(SpeechPauses, WhatIsBetweenTheThresholdsChangesNothing) {
  EXPECT_EQ(pauses_of({0.9F, 0.4F, 0.1F, 0.4F, 0.1F, 0.4F, 0.9F}).between(0, 1000),
            (Spans{{7, 19}}));
  EXPECT_EQ(pauses_of({0.9F, 0.4F, 0.4F, 0.4F, 0.4F, 0.4F, 0.9F}).between(0, 1000), Spans{});
}

TEST(SpeechPauses, ShortOnesAreNone) {
  EXPECT_EQ(pauses_of({0.9F, 0.1F, 0.1F, 0.9F}).between(0, 1000), Spans{});
  EXPECT_EQ(pauses_of({0.9F, 0.1F, 0.1F, 0.1F, 0.9F}).between(0, 1000), (Spans{{4, 12}}));
}

TEST(SpeechPauses, AreCutToWhatIsAskedFor) {
  const auto pauses = pauses_of({0.1F, 0.1F, 0.1F, 0.1F, 0.1F, 0.9F, 0.9F, 0.1F, 0.1F, 0.1F, 0.1F});
  EXPECT_EQ(pauses.between(0, 1000), (Spans{{0, 16}, {23, 35}}));
  EXPECT_EQ(pauses.between(5, 30), (Spans{{5, 16}, {23, 30}}));
  EXPECT_EQ(pauses.between(16, 23), Spans{});
}

TEST(SpeechPauses, AreForgotten) {
  auto pauses = pauses_of({0.1F, 0.1F, 0.1F, 0.1F, 0.1F, 0.9F, 0.9F, 0.1F, 0.1F, 0.1F, 0.1F});
  pauses.discard_before(17);
  EXPECT_EQ(pauses.between(0, 1000), (Spans{{23, 35}}));
  pauses.reset();
  EXPECT_EQ(pauses.between(0, 1000), Spans{});
}

}  // namespace
}  // namespace npu
