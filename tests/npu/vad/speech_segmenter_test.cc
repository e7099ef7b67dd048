// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_segmenter.h"

#include <gtest/gtest.h>

#include "vad/vad_model.h"

namespace npu {
namespace {

constexpr int64_t kChunk = kVadChunkSamples;

// Feeds `chunks` times `probability`.
void feed(SpeechSegmenter& segmenter, int chunks, float probability) {
  for (int i = 0; i < chunks; ++i) segmenter.push(probability);
}

TEST(SpeechSegmenter, SaysThatSpeechIsOverOnceThePauseIsLongEnough) {
  SegmenterOptions options;
  options.min_silence_s = 0.5;
  SpeechSegmenter segmenter(options);
  feed(segmenter, 10, 0.1F);
  feed(segmenter, 20, 0.9F);
  feed(segmenter, 16, 0.1F);
  EXPECT_FALSE(segmenter.take());
  feed(segmenter, 1, 0.1F);
  EXPECT_EQ(segmenter.take(), (SpeechSpan{10 * kChunk - 480, 30 * kChunk + 480}));
  EXPECT_FALSE(segmenter.take());
}

TEST(SpeechSegmenter, SpeechThatIsTooShortIsNone) {
  SpeechSegmenter segmenter({});
  feed(segmenter, 7, 0.9F);  // 224 ms
  EXPECT_FALSE(segmenter.speaking());
  feed(segmenter, 20, 0.1F);
  segmenter.finish(27 * kChunk);
  EXPECT_FALSE(segmenter.take());
}

TEST(SpeechSegmenter, SpeechGoesOnBetweenTheTwoThresholds) {
  SpeechSegmenter segmenter({});
  feed(segmenter, 20, 0.9F);
  feed(segmenter, 100, 0.4F);
  feed(segmenter, 10, 0.3F);
  EXPECT_EQ(segmenter.take(), (SpeechSpan{0, 120 * kChunk + 480}));
}

TEST(SpeechSegmenter, NeighboursShareAGapWithoutRoomForBothPads) {
  SegmenterOptions options;
  options.pad_s = 0.2;
  SpeechSegmenter segmenter(options);
  feed(segmenter, 20, 0.9F);
  feed(segmenter, 6, 0.1F);
  EXPECT_FALSE(segmenter.take());  // where the next begins is not known
  feed(segmenter, 20, 0.9F);
  segmenter.finish(46 * kChunk);
  EXPECT_EQ(segmenter.take(), (SpeechSpan{0, 23 * kChunk}));
  EXPECT_EQ(segmenter.take(), (SpeechSpan{23 * kChunk, 46 * kChunk}));
}

TEST(SpeechSegmenter, SilenceIsSettledUpToThePadBeforeNow) {
  SpeechSegmenter segmenter({});
  feed(segmenter, 10, 0.1F);
  EXPECT_EQ(segmenter.silent_until(), 10 * kChunk - 480);
  feed(segmenter, 5, 0.9F);  // may be speech
  EXPECT_EQ(segmenter.silent_until(), 10 * kChunk - 480);
  EXPECT_FALSE(segmenter.speaking());
  feed(segmenter, 5, 0.9F);  // is
  EXPECT_EQ(segmenter.speaking(), (SpeechSpan{10 * kChunk - 480, 20 * kChunk}));
  EXPECT_EQ(segmenter.silent_until(), 10 * kChunk - 480);
  feed(segmenter, 10, 0.1F);
  EXPECT_EQ(segmenter.silent_until(), 10 * kChunk - 480);
  ASSERT_TRUE(segmenter.take());
  EXPECT_EQ(segmenter.silent_until(), 30 * kChunk - 480);
}

// Whatever the probabilities are, the answers keep what they promise.
TEST(SpeechSegmenter, StretchesAreOrderedDisjointAndAnnounced) {
  uint32_t random = 1;
  for (int run = 0; run < 200; ++run) {
    SegmenterOptions options;
    options.min_silence_s = 0.05 * (run % 7);
    options.pad_s = 0.05 * (run % 5);
    options.min_speech_s = 0.1 * (run % 3);
    if (run % 4 == 0) options.max_speech_s = 2;
    SpeechSegmenter segmenter(options);
    int64_t silent = 0;
    int64_t last_end = 0;
    std::optional<int64_t> since;
    float level = 0.1F;
    const auto drain = [&] {
      while (const auto span = segmenter.take()) {
        EXPECT_GE(span->start, last_end);
        EXPECT_GT(span->end, span->start);
        EXPECT_GE(span->start, std::min(silent, since.value_or(silent)));
        last_end = span->end;
      }
    };
    for (int chunk = 0; chunk < 600; ++chunk) {
      random = random * 1664525 + 1013904223;
      if ((random >> 16) % 12 == 0) level = static_cast<float>((random >> 8) % 100) / 100;
      segmenter.push(level);
      drain();
      EXPECT_GE(segmenter.silent_until(), silent);
      silent = segmenter.silent_until();
      since.reset();
      if (const auto now = segmenter.speaking()) since = now->start;
      EXPECT_GE(since.value_or(silent), silent);
    }
    segmenter.finish(600 * kChunk - 100);
    drain();
    EXPECT_LE(last_end, 600 * kChunk - 100);
  }
}

}  // namespace
}  // namespace npu
