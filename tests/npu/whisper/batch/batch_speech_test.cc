// SPDX-License-Identifier: LGPL-2.1-or-later
// Real speech in batches, with Whisper base: a chunk has the same bits alone and in company.
#include <gtest/gtest.h>

#include "audio_file.h"
#include "corpus.h"
#include "model/model.h"
#include "vad/vad_model.h"
#include "whisper/transcriber.h"

namespace npu {
namespace {

using testing::read_audio;

// Four clips, and silence between them.
Result<std::vector<float>> some_speech() {
  std::vector<float> samples;
  for (const char* name :
       {"jfk.wav", "1089-134686-0006.flac", "121-123859-0002.flac", "2830-3980-0026.flac"}) {
    NPU_TRY_ASSIGN(const auto audio, read_audio(testing::data_folder() / "speech" / name));
    samples.insert(samples.end(), audio.samples.begin(), audio.samples.end());
    samples.insert(samples.end(), 4 * kSampleRate, 0.0F);
  }
  return samples;
}

Result<std::vector<Segment>> transcribe(const std::shared_ptr<const Model>& model,
                                        const TranscribeOptions& options,
                                        std::span<const float> samples) {
  NPU_TRY_ASSIGN(const auto transcriber, Transcriber::create(model, options));
  transcriber->push(samples);
  transcriber->end_input();
  std::vector<Segment> all;
  for (;;) {
    NPU_TRY_ASSIGN(const Step step, transcriber->step({}));
    all.insert(all.end(), step.segments.begin(), step.segments.end());
    if (step.kind == Step::Kind::kFinished) return all;
  }
}

class BatchOfSpeech : public ::testing::TestWithParam<Precision> {};

TEST_P(BatchOfSpeech, HasTheSameBitsAlone) {
  if (testing::base_model().empty()) GTEST_SKIP() << "Whisper base is not there";
  const auto vad = VadModel::load(kVadModelName, {});
  if (!vad) GTEST_SKIP() << vad.error().message;
  ModelRequest request;
  request.model = testing::base_model().string();
  request.device = {.name = "cpu", .index = 0, .threads = 2};
  request.precision = GetParam();
  const auto model = Model::load(request, {}, {});
  ASSERT_TRUE(model) << model.error().message;
  const auto samples = some_speech();
  ASSERT_TRUE(samples) << samples.error().message;

  TranscribeOptions options;
  options.mode = Mode::kBatch;
  options.decoding.language = "en";
  options.word_timestamps = true;
  options.vad = *vad;
  options.batch_size = 1;
  const auto alone = transcribe(*model, options, *samples);
  ASSERT_TRUE(alone) << alone.error().message;
  ASSERT_GE(alone->size(), 4U);
  options.batch_size = 8;
  const auto together = transcribe(*model, options, *samples);
  ASSERT_TRUE(together) << together.error().message;
  ASSERT_EQ(together->size(), alone->size());
  for (size_t i = 0; i < alone->size(); ++i) {
    const Segment& a = (*alone)[i];
    const Segment& b = (*together)[i];
    EXPECT_EQ(a.tokens, b.tokens);
    EXPECT_EQ(a.start_s, b.start_s);
    EXPECT_EQ(a.end_s, b.end_s);
    EXPECT_EQ(a.avg_logprob, b.avg_logprob);
    EXPECT_EQ(a.no_speech_prob, b.no_speech_prob);
    ASSERT_EQ(a.words.size(), b.words.size());
    for (size_t w = 0; w < a.words.size(); ++w) {
      EXPECT_EQ(a.words[w].start_s, b.words[w].start_s);
      EXPECT_EQ(a.words[w].probability, b.words[w].probability);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, BatchOfSpeech,
                         ::testing::Values(Precision::kF32, Precision::kInt8));

}  // namespace
}  // namespace npu
