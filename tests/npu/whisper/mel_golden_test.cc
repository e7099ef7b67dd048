// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel of real clips against OpenAI's own output.
#include <gtest/gtest.h>

#include <cmath>

#include "audio_file.h"
#include "corpus.h"
#include "model/dims.h"
#include "model/mel_filters.h"
#include "npy.h"
#include "whisper/features.h"

namespace npu {
namespace {

constexpr int kBands = 80;

struct Clip {
  const char* name;
  const char* file;
  const char* tensor;
};

class MelOf : public ::testing::TestWithParam<Clip> {};

TEST_P(MelOf, DiffersFromOpenAIsByAtMost1e4th) {
  const auto corpus = testing::corpus_folder();
  const auto tensor = corpus / "golden" / "tensors" / GetParam().tensor;
  if (corpus.empty() || !std::filesystem::exists(tensor))
    GTEST_SKIP() << "needs the corpus (-Dcorpus=PATH)";
  const auto audio = testing::read_audio(corpus / "speech" / GetParam().file);
  ASSERT_TRUE(audio) << audio.error().message;
  const testing::Npy expected = testing::read_npy(tensor);  // [bands][frames]
  ASSERT_EQ(expected.values.size(), size_t{kBands} * kWindowFrames);

  Features features(slaney_mel_filters(kBands), kBands, Normalisation::kWhole);
  features.push(audio->samples);
  features.end_input();
  std::vector<float> found(size_t{kBands} * kWindowFrames);  // [frames][bands]
  features.cut(0, kWindowFrames, found);
  double worst = 0;
  for (size_t band = 0; band < kBands; ++band)
    for (size_t frame = 0; frame < kWindowFrames; ++frame) {
      const double difference = std::abs(double{found[frame * kBands + band]} -
                                         expected.values[band * kWindowFrames + frame]);
      ASSERT_LE(difference, 1e-4) << "band " << band << " frame " << frame;
      worst = std::max(worst, difference);
    }
  RecordProperty("worst", std::to_string(worst));
  std::printf("log-mel of %s: largest difference %.2g\n", GetParam().name, worst);
}

INSTANTIATE_TEST_SUITE_P(
    Golden, MelOf,
    ::testing::Values(Clip{"Jfk", "en-short/jfk.wav", "jfk.mel.npy"},
                      Clip{"LibriSpeech", "en-short/librispeech-test-clean/1089-134686-0006.flac",
                           "1089-134686-0006.mel.npy"},
                      Clip{"PinkNoise", "nonspeech/noise-pink-30s.flac", "noise-pink-30s.mel.npy"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace npu
