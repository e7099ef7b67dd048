// SPDX-License-Identifier: LGPL-2.1-or-later
// Fallback, silence and loops inside a batch: they cost their chunk more steps, and nobody else
// anything.
#include <gtest/gtest.h>

#include "batch_bench.h"

namespace npu {
namespace {

using testing::batch_of;
using testing::bursts;
using testing::drive;
using testing::Outcome;
using testing::Said;
using testing::script_of;
using testing::texts;
using testing::transcriber_of;
using testing::words_from;

using Lines = std::vector<std::string>;

Said improbable(Said said) {
  said.logit = 9;
  return said;
}

TranscribeOptions with_fallback(int size) {
  TranscribeOptions options = batch_of(size);
  options.temperatures = {0, 0.4F, 0.8F};
  options.decoding.best_of = 3;
  options.decoding.max_tokens = 40;
  return options;
}

TEST(BatchFallback, DoesNotDisturbTheNeighbours) {
  const std::vector<Said> said = {words_from(300, 5),
                                  improbable(words_from(400, 3)),
                                  words_from(500, 4),
                                  improbable(words_from(600, 4)),
                                  improbable(words_from(700, 2)),
                                  words_from(800, 2)};
  const auto alone = transcriber_of(script_of(said), with_fallback(1));
  const Lines expected = drive(*alone, bursts(6)).lines();
  EXPECT_EQ(alone->stats().fallbacks, 6);
  ASSERT_GE(expected.size(), 6U);
  // With 2 and 6 there is one set of histories for all samples: some wait for it.
  for (const int size : {2, 6, 16}) {
    const auto together = transcriber_of(script_of(said), with_fallback(size));
    const Outcome outcome = drive(*together, bursts(6));
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(outcome.lines(), expected) << size;
    EXPECT_EQ(together->stats().fallbacks, 6);
  }
}

TEST(BatchFallback, BeamsHaveHistoriesOfTheirOwn) {
  const std::vector<Said> said = {words_from(300, 5), improbable(words_from(400, 3)),
                                  words_from(500, 4)};
  TranscribeOptions options = with_fallback(1);
  options.decoding.beam_size = 4;
  const Lines expected = drive(*transcriber_of(script_of(said), options), bursts(3)).lines();
  ASSERT_GE(expected.size(), 3U);
  options.batch_size = 3;
  EXPECT_EQ(drive(*transcriber_of(script_of(said), options), bursts(3)).lines(), expected);
}

TEST(BatchFallback, SilenceByTheDecodersOwnWordIsKept) {
  Said silence = improbable(words_from(400, 3));
  silence.no_speech_logit = 20;
  const auto transcriber =
      transcriber_of(script_of({words_from(300, 2), silence, words_from(500, 2)}), batch_of(3));
  EXPECT_EQ(texts(drive(*transcriber, bursts(3)).segments), (Lines{" w300 w301", " w500 w501"}));
  EXPECT_EQ(transcriber->stats().fallbacks, 0);
}

TEST(BatchFallback, AChunkThatFailsOnFewerPositionsIsHeardAgainOnAll) {
  TranscribeOptions options = with_fallback(3);
  options.encoder_positions = EncoderPositions::kFitting;
  // Three chunks begin together; what comes then is heard in place of the one that failed.
  const auto script = script_of(
      {words_from(300, 5), improbable(words_from(400, 3)), words_from(500, 4), words_from(600, 2)});
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome = drive(*transcriber, bursts(3));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(texts(outcome.segments),
            (Lines{" w300 w301 w302 w303 w304", " w600 w601", " w500 w501 w502 w503"}));
  ASSERT_EQ(script->positions.size(), 4U);
  EXPECT_EQ(script->positions.back(), 1500);
  for (size_t chunk = 0; chunk < 3; ++chunk) EXPECT_LT(script->positions[chunk], 1500);
  EXPECT_EQ(transcriber->stats().fitting_runs, 3);
  EXPECT_EQ(transcriber->stats().fallbacks, 0);
}

TEST(BatchFallback, AChunkWhoseTextsBothFailOnFewerPositionsIsHeardAgainOnce) {
  TranscribeOptions options = with_fallback(2);
  options.encoder_positions = EncoderPositions::kFitting;
  options.also_translate = true;
  const auto script =
      script_of({improbable(words_from(300, 5)), words_from(400, 3), words_from(500, 4)});
  const auto transcriber = transcriber_of(script, options);
  const Outcome outcome = drive(*transcriber, bursts(2));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(texts(outcome.segments), (Lines{" w500 w501 w502 w503", " w400 w401 w402"}));
  EXPECT_EQ(outcome.translation_lines(), outcome.lines());
  EXPECT_EQ(script->positions.size(), 3U);
}

// What follows a loop is heard once more.
TEST(BatchFallback, ALoopIsCutAndTheRestHeardAgain) {
  TranscribeOptions options = batch_of(2);
  options.temperatures = {0};
  options.decoding.max_tokens = 60;
  Said loop = words_from(300, 6);
  for (int i = 0; i < 54; ++i) loop.tokens.push_back(306 + i % 2);
  const auto script = script_of({loop, words_from(500, 2), words_from(310, 3)});
  const Outcome outcome = drive(*transcriber_of(script, options), bursts(2));
  ASSERT_FALSE(outcome.error);
  EXPECT_EQ(texts(outcome.segments),
            (Lines{" w300 w301 w302 w303 w304 w305 w306 w307", " w310 w311 w312", " w500 w501"}));
}

}  // namespace
}  // namespace npu
