// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel of extreme sounds against the definition in double.
#include "kernel_test.h"
#include "log_mel_clip.h"

namespace {

using namespace kernels;

constexpr unsigned kFrames = 64;
constexpr size_t kSamples = size_t{kernels::testing::kHop} * kFrames;
constexpr int kMostExponent = 30;
constexpr double kAllowed = 0.02;  // the acceptance of log-mel on the array

struct Sound {
  const char* name;
  double amplitude;
  double (*wave)(size_t n, std::mt19937& random);
};

double tone(size_t n, std::mt19937&) {
  return std::sin(2 * std::numbers::pi * 1013.0 / 16000 * static_cast<double>(n));
}
double noise(size_t, std::mt19937& random) {
  return 2 * static_cast<double>(random()) / 4294967295.0 - 1;
}
double square(size_t n, std::mt19937&) {
  return n / 37 % 2 ? 1 : -1;
}
double impulses(size_t n, std::mt19937&) {
  return n % 1600 == 777 ? 1 : 0;
}
double constant(size_t, std::mt19937&) {
  return 1;
}
// Loud and faint in turn, 90 dB apart: frames beside each other have other exponents.
double bursts(size_t n, std::mt19937& random) {
  return noise(n, random) * (n / 2000 % 2 ? 1 : 3e-5);
}
double nyquist(size_t n, std::mt19937&) {
  return n % 2 ? -1 : 1;
}

const Sound kSounds[] = {
    {"Silence", 0, constant},
    {"FullScaleTone", 1, tone},
    {"FullScaleNoise", 1, noise},
    {"FullScaleSquare", 1, square},
    {"FullScaleConstant", 1, constant},
    {"FullScaleAtHalfTheRate", 1, nyquist},
    {"Impulses", 1, impulses},
    {"Bursts", 1, bursts},
    {"QuietTone", 1e-4, tone},
    {"QuietNoise", 1e-4, noise},
    {"FaintImpulses", 1e-3, impulses},
    {"FaintNoise", 1e-7, noise},
    {"Beyond1", 50, noise},
};

std::vector<float> samples_of(const Sound& sound) {
  std::mt19937 random(91);
  std::vector<float> clip(kSamples);
  for (size_t n = 0; n < clip.size(); ++n) {
    clip[n] = static_cast<float>(sound.amplitude * sound.wave(n, random));
  }
  return clip;
}

std::vector<double> spectrum(std::span<const float> clip, unsigned frame) {
  std::vector<double> power(kSpectrumBins);
  const double turn = 2 * std::numbers::pi / kDftSamples;
  for (unsigned bin = 0; bin < kSpectrumBins; ++bin) {
    double re = 0, im = 0;
    for (unsigned n = 0; n < kDftSamples; ++n) {
      const int64_t at = int64_t{kernels::testing::kHop} * frame + n - kDftSamples / 2;
      const double x = kernels::testing::sample_at(clip, at) * (0.5 - 0.5 * std::cos(turn * n));
      re += x * std::cos(turn * (bin * n % kDftSamples));
      im += x * std::sin(turn * (bin * n % kDftSamples));
    }
    power[bin] = re * re + im * im;
  }
  return power;
}

// [frames][bands], log10.
std::vector<double> log_mel(std::span<const float> clip, unsigned bands) {
  const std::vector<float> filters = kernels::testing::mel_filters(bands);
  std::vector<double> logs;
  for (unsigned frame = 0; frame < kFrames; ++frame) {
    const std::vector<double> power = spectrum(clip, frame);
    for (unsigned band = 0; band < bands; ++band) {
      double energy = 0;
      for (unsigned bin = 0; bin < kSpectrumBins; ++bin) {
        energy += double{filters[size_t{band} * kSpectrumBins + bin]} * power[bin];
      }
      logs.push_back(std::log10(std::max(energy, 1e-10)));
    }
  }
  return logs;
}

class LogMelOf : public KernelTest, public ::testing::WithParamInterface<Sound> {
 protected:
  static void expect_near_the_definition(unsigned bands) {
    const std::vector<float> clip = samples_of(GetParam());
    const kernels::testing::LogMelClip got(clip, kFrames, bands, kMostExponent);
    const std::vector<double> logs = log_mel(clip, bands);
    const double floor = *std::max_element(logs.begin(), logs.end()) - 8;
    double worst = 0;
    for (unsigned frame = 0; frame < kFrames; ++frame) {
      for (unsigned band = 0; band < bands; ++band) {
        const double want = (std::max(logs[size_t{frame} * bands + band], floor) + 4) / 4;
        const double difference = std::abs(got.value(frame, band) - want);
        ASSERT_LE(difference, kAllowed) << "frame " << frame << " band " << band;
        worst = std::max(worst, difference);
      }
    }
    std::printf("%s, %u bands in %zu tiles: largest difference %.2g\n", GetParam().name, bands,
                got.n_tiles(), worst);
  }
};

TEST_P(LogMelOf, IsNearTheDefinitionWith80Bands) {
  expect_near_the_definition(80);
}
TEST_P(LogMelOf, IsNearTheDefinitionWith128Bands) {
  expect_near_the_definition(128);
}

INSTANTIATE_TEST_SUITE_P(Sounds, LogMelOf, ::testing::ValuesIn(kSounds),
                         [](const auto& test) { return test.param.name; });

}  // namespace
