// SPDX-License-Identifier: LGPL-2.1-or-later
// Real speech in batches, with Whisper base: a chunk has the same bits alone and in company.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

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

void expect_same_bits(const std::vector<Segment>& found, const std::vector<Segment>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const Segment& a = expected[i];
    const Segment& b = found[i];
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

Result<std::shared_ptr<const Model>> base(Precision precision) {
  ModelRequest request;
  request.model = testing::base_model().string();
  request.device = {.name = "cpu", .index = 0, .threads = 2};
  request.precision = precision;
  return Model::load(request, {}, {});
}

TranscribeOptions words_of(int batch_size, const std::shared_ptr<const VadModel>& vad) {
  TranscribeOptions options;
  options.mode = Mode::kBatch;
  options.decoding.language = "en";
  options.word_timestamps = true;
  options.vad = vad;
  options.batch_size = batch_size;
  return options;
}

TEST_P(BatchOfSpeech, HasTheSameBitsAlone) {
  if (testing::base_model().empty()) GTEST_SKIP() << "Whisper base is not there";
  const auto vad = VadModel::load(kVadModelName, {});
  if (!vad) GTEST_SKIP() << vad.error().message;
  const auto model = base(GetParam());
  ASSERT_TRUE(model) << model.error().message;
  const auto samples = some_speech();
  ASSERT_TRUE(samples) << samples.error().message;
  const auto alone = transcribe(*model, words_of(1, *vad), *samples);
  ASSERT_TRUE(alone) << alone.error().message;
  ASSERT_GE(alone->size(), 4U);
  const auto together = transcribe(*model, words_of(8, *vad), *samples);
  ASSERT_TRUE(together) << together.error().message;
  expect_same_bits(*together, *alone);
}

// Beams, whose histories change places, beside a stream that is cancelled wherever it is, and begun
// anew, each time that one of the others has a text.
TEST_P(BatchOfSpeech, HasTheSameBitsBesideStreamsThatAreCancelled) {
  if (testing::base_model().empty()) GTEST_SKIP() << "Whisper base is not there";
  const auto vad = VadModel::load(kVadModelName, {});
  if (!vad) GTEST_SKIP() << vad.error().message;
  const auto model = base(GetParam());
  ASSERT_TRUE(model) << model.error().message;
  const auto samples = some_speech();
  ASSERT_TRUE(samples) << samples.error().message;
  TranscribeOptions options = words_of(3, *vad);
  options.decoding.beam_size = 3;
  const auto alone = transcribe(*model, options, *samples);
  ASSERT_TRUE(alone) << alone.error().message;

  std::vector<CancelSource> cancels(2 * alone->size());
  std::atomic<size_t> cancelled = 0;
  std::atomic<int> running = 2;
  std::thread disturber([&] {
    for (size_t i = 0; i < cancels.size() && running > 0; ++i) {
      const auto stream = Transcriber::create(*model, options);
      (*stream)->push(*samples);
      (*stream)->end_input();
      for (;;) {
        const auto step = (*stream)->step(cancels[i].token());
        if (!step || step->kind == Step::Kind::kFinished) break;
      }
    }
  });
  const auto run = [&](std::vector<Segment>& all) {
    const auto stream = Transcriber::create(*model, options);
    (*stream)->push(*samples);
    (*stream)->end_input();
    for (;;) {
      const auto step = (*stream)->step({});
      if (!step || step->kind == Step::Kind::kFinished) break;
      all.insert(all.end(), step->segments.begin(), step->segments.end());
      const size_t next = cancelled++;
      if (next < cancels.size()) cancels[next].cancel();
    }
    --running;
  };
  std::vector<Segment> first, second;
  std::thread other([&] { run(second); });
  run(first);
  other.join();
  for (CancelSource& cancel : cancels) cancel.cancel();
  disturber.join();
  EXPECT_GE(cancelled, 2U);
  expect_same_bits(first, *alone);
  expect_same_bits(second, *alone);
}

INSTANTIATE_TEST_SUITE_P(Precisions, BatchOfSpeech,
                         ::testing::Values(Precision::kF32, Precision::kInt8));

}  // namespace
}  // namespace npu
