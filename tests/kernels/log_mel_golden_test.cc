// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel of the kernels against OpenAI's own output, whole clips, loud and quiet.
#include <cstdio>

#include "audio_file.h"
#include "corpus.h"
#include "kernel_test.h"
#include "log_mel_clip.h"
#include "npy.h"

namespace {

constexpr unsigned kBands = 80;
constexpr unsigned kFrames = 3000;
constexpr double kAllowed = 0.02;

struct Clip {
  const char* name;
  const char* file;
  const char* tensor;
  int attenuation;  // samples are divided by 2 this often
};

// What the reference says of the divided samples: energy falls by a known factor, down to 1e-10.
double attenuated(double golden, int halvings) {
  if (halvings == 0) return golden;
  return (std::max(4 * golden - 4 - 2 * halvings * std::log10(2.0), -10.0) + 4) / 4;
}

class LogMelGolden : public KernelTest, public ::testing::WithParamInterface<Clip> {};

TEST_P(LogMelGolden, DiffersFromOpenAIsByAtMost0p02) {
  const auto corpus = npu::testing::corpus_folder();
  const auto tensor = corpus / "golden" / "tensors" / GetParam().tensor;
  if (corpus.empty() || !std::filesystem::exists(tensor))
    GTEST_SKIP() << "needs the corpus (-Dcorpus=PATH)";
  const auto audio = npu::testing::read_audio(corpus / "speech" / GetParam().file);
  ASSERT_TRUE(audio) << audio.error().message;
  const npu::testing::Npy want = npu::testing::read_npy(tensor);  // [bands][frames]
  ASSERT_EQ(want.values.size(), size_t{kBands} * kFrames);

  std::vector<float> samples = audio->samples;
  for (float& sample : samples) sample = std::ldexp(sample, -GetParam().attenuation);
  // Samples of 16 bits as they are; divided ones need an exponent per frame.
  const int most_exponent = GetParam().attenuation == 0 ? 0 : 30;
  const kernels::testing::LogMelClip got(samples, kFrames, kBands, most_exponent);
  double worst = 0, sum = 0;
  for (unsigned band = 0; band < kBands; ++band) {
    for (unsigned frame = 0; frame < kFrames; ++frame) {
      const double golden = want.values[size_t{band} * kFrames + frame];
      const double difference =
          std::abs(got.value(frame, band) - attenuated(golden, GetParam().attenuation));
      ASSERT_LE(difference, kAllowed) << "band " << band << " frame " << frame;
      worst = std::max(worst, difference);
      sum += difference;
    }
  }
  std::printf("log-mel of %s in integers: largest difference %.2g, mean %.2g\n", GetParam().name,
              worst, sum / (kBands * kFrames));
}

constexpr const char* kJfk = "en-short/jfk.wav";
constexpr const char* kLibriSpeech = "en-short/librispeech-test-clean/1089-134686-0006.flac";
constexpr const char* kPinkNoise = "nonspeech/noise-pink-30s.flac";

INSTANTIATE_TEST_SUITE_P(
    Clips, LogMelGolden,
    ::testing::Values(Clip{"Jfk", kJfk, "jfk.mel.npy", 0},
                      Clip{"LibriSpeech", kLibriSpeech, "1089-134686-0006.mel.npy", 0},
                      Clip{"PinkNoise", kPinkNoise, "noise-pink-30s.mel.npy", 0},
                      Clip{"QuietJfk", kJfk, "jfk.mel.npy", 10},
                      Clip{"QuietLibriSpeech", kLibriSpeech, "1089-134686-0006.mel.npy", 10}),
    [](const auto& test) { return test.param.name; });

}  // namespace
