// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel against OpenAI's own output and against a plain double-precision transform.
#include "whisper/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "corpus.h"
#include "model/dims.h"
#include "model/mel_filters.h"
#include "npy.h"

namespace npu {
namespace {

constexpr int kBands = 80;

std::vector<float> noise(size_t samples, float level = 0.3F) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-level, level);
  std::vector<float> out(samples);
  for (float& sample : out) sample = uniform(random);
  return out;
}

struct Pushed {
  std::span<const float> samples;
  size_t at_once;
};

Features fed(const Pushed& pushed, Normalisation normalisation) {
  Features features(slaney_mel_filters(kBands), kBands, normalisation);
  for (size_t at = 0; at < pushed.samples.size(); at += pushed.at_once)
    features.push(pushed.samples.subspan(at, std::min(pushed.at_once, pushed.samples.size() - at)));
  features.end_input();
  return features;
}

std::vector<float> cut(Features& features, int start, int frames) {
  std::vector<float> out(size_t{kWindowFrames} * kBands, 77.0F);
  features.cut(start, frames, out);
  return out;
}

// The recipe of the reference, word for word: append 480,000 zeros, mirror, transform, drop the
// last frame. Returns un-normalised log10 energies of the first `frames` frames [frames][bands],
// and the maximum over all.
struct Naive {
  std::vector<double> frames;
  double maximum = -10;
};
Naive naive(std::span<const float> samples, int frames) {
  std::vector<double> padded(samples.begin(), samples.end());
  padded.resize(samples.size() + kWindowSamples, 0.0);
  std::vector<double> mirrored;
  for (size_t i = 200; i >= 1; --i) mirrored.push_back(padded[i]);
  mirrored.insert(mirrored.end(), padded.begin(), padded.end());
  const std::vector<float> filters = slaney_mel_filters(kBands);
  Naive result;
  for (int t = 0; t < frames; ++t) {
    std::vector<double> power(kSpectrumBins);
    for (size_t k = 0; k < kSpectrumBins; ++k) {
      double re = 0, im = 0;
      for (size_t n = 0; n < kFrameSamples; ++n) {
        const double turn = 2 * std::numbers::pi / kFrameSamples;
        const double value = mirrored[static_cast<size_t>(t) * kHopSamples + n] *
                             (0.5 - 0.5 * std::cos(turn * static_cast<double>(n)));
        re += value * std::cos(turn * static_cast<double>(n * k % kFrameSamples));
        im -= value * std::sin(turn * static_cast<double>(n * k % kFrameSamples));
      }
      power[k] = re * re + im * im;
    }
    for (size_t band = 0; band < kBands; ++band) {
      double energy = 0;
      for (size_t k = 0; k < kSpectrumBins; ++k)
        energy += filters[band * kSpectrumBins + k] * power[k];
      result.frames.push_back(std::log10(std::max(energy, 1e-10)));
      result.maximum = std::max(result.maximum, result.frames.back());
    }
  }
  return result;
}

class OddLengths : public ::testing::TestWithParam<size_t> {};

TEST_P(OddLengths, GiveWhatAPlainTransformGives) {
  const std::vector<float> samples = noise(GetParam());
  Features features = fed({samples, 100000}, Normalisation::kWhole);
  EXPECT_EQ(features.content_frames(), static_cast<int>(GetParam() / kHopSamples));
  const int frames = features.content_frames() + 5;  // some of the padding as well
  const Naive expected = naive(samples, frames);
  const std::vector<float> found = cut(features, 0, frames);
  for (size_t i = 0; i < expected.frames.size(); ++i) {
    const double want = (std::max(expected.frames[i], expected.maximum - 8) + 4) / 4;
    ASSERT_LE(std::abs(found[i] - want), 2e-5) << "frame " << i / kBands << " band " << i % kBands;
  }
  for (size_t i = expected.frames.size(); i < found.size(); ++i) ASSERT_EQ(found[i], 0.0F);
}

TEST_P(OddLengths, GiveTheSameBitsHoweverTheyArePushed) {
  const std::vector<float> samples = noise(GetParam());
  for (Normalisation normalisation : {Normalisation::kWhole, Normalisation::kRunning}) {
    Features at_once = fed({samples, 100000}, normalisation);
    Features one_by_one = fed({samples, 1}, normalisation);
    EXPECT_EQ(cut(at_once, 0, kWindowFrames), cut(one_by_one, 0, kWindowFrames));
  }
}

INSTANTIATE_TEST_SUITE_P(Features, OddLengths,
                         ::testing::Values(0, 1, 159, 160, 199, 200, 201, 399, 400, 401, 719, 720,
                                           1041, 4095, 4096, 4097, 5000));

TEST(Features, SilenceIsTheLowestValueEverywhere) {
  const std::vector<float> silence(16000, 0.0F);
  Features features = fed({silence, 1000}, Normalisation::kRunning);
  for (float value : cut(features, 0, kWindowFrames)) ASSERT_NEAR(value, -1.5, 1e-6);
}

TEST(Features, WhatIsNotANumberCountsAsSilenceAndHugeSamplesStayFinite) {
  std::vector<float> samples = noise(3200);
  std::vector<float> zeroed = samples;
  const float inf = std::numeric_limits<float>::infinity();
  for (auto [at, value] : {std::pair(100, NAN), {900, inf}, {1500, -inf}}) {
    samples[static_cast<size_t>(at)] = value;
    zeroed[static_cast<size_t>(at)] = 0;
  }
  Features broken = fed({samples, 500}, Normalisation::kWhole);
  Features clean = fed({zeroed, 500}, Normalisation::kWhole);
  EXPECT_EQ(cut(broken, 0, kWindowFrames), cut(clean, 0, kWindowFrames));

  samples[5] = 3e38F;
  Features loud = fed({samples, 500}, Normalisation::kWhole);
  for (float value : cut(loud, 0, kWindowFrames)) ASSERT_TRUE(std::isfinite(value));
}

// A loud stretch that begins at 35 s: it normalises windows that reach it, and no earlier one.
TEST(Features, RunningMaximumLooksToTheEndOfTheWindow) {
  std::vector<float> samples = noise(size_t{60} * kSampleRate, 0.001F);
  const std::vector<float> loud = noise(kSampleRate, 0.9F);
  std::copy(loud.begin(), loud.end(), samples.begin() + 35 * kSampleRate);
  Features running = fed({samples, 1600}, Normalisation::kRunning);
  Features whole = fed({samples, 1600}, Normalisation::kWhole);
  EXPECT_NE(cut(running, 0, kWindowFrames), cut(whole, 0, kWindowFrames));
  EXPECT_NE(cut(running, 490, kWindowFrames), cut(whole, 490, kWindowFrames));
  EXPECT_EQ(cut(running, 700, kWindowFrames), cut(whole, 700, kWindowFrames));
}

TEST(Features, RunningWindowsDoNotDependOnWhatCameInLater) {
  const std::vector<float> samples = noise(size_t{70} * kSampleRate);
  Features all = fed({samples, samples.size()}, Normalisation::kRunning);
  Features live(slaney_mel_filters(kBands), kBands, Normalisation::kRunning);
  int start = 0;
  for (size_t at = 0; at < samples.size(); at += 1600) {
    live.push(std::span(samples).subspan(at, 1600));
    if (!live.ready(start + kWindowFrames)) continue;
    ASSERT_EQ(cut(live, start, kWindowFrames), cut(all, start, kWindowFrames)) << start;
    start += 777;
    live.discard_before(start);
  }
  EXPECT_GT(start, 3000);
}

TEST(Features, WholeIsReadyOnlyAtTheEnd) {
  Features features(slaney_mel_filters(kBands), kBands, Normalisation::kWhole);
  features.push(noise(kWindowSamples + 1000));
  EXPECT_FALSE(features.ready(kWindowFrames));
  features.end_input();
  EXPECT_TRUE(features.ready(kWindowFrames));
}

TEST(Features, RunningIsReadyWhenTheLastFrameIsComplete) {
  Features features(slaney_mel_filters(kBands), kBands, Normalisation::kRunning);
  // Frame 2999 is samples 479640 .. 480039.
  features.push(noise(480039));
  EXPECT_FALSE(features.ready(kWindowFrames));
  features.push(noise(1));
  EXPECT_TRUE(features.ready(kWindowFrames));
}

TEST(Features, ResetStartsAnew) {
  const std::vector<float> samples = noise(50000);
  Features features = fed({noise(90000, 0.9F), 1000}, Normalisation::kRunning);
  features.reset();
  features.push(samples);
  features.end_input();
  Features fresh = fed({samples, 7000}, Normalisation::kRunning);
  EXPECT_EQ(cut(features, 0, kWindowFrames), cut(fresh, 0, kWindowFrames));
}

// Log10 energies that tell the frame: its first sample.
class FirstSamples final : public LogMelFrames {
 public:
  void compute(std::span<const float> samples, int count, std::span<float* const> rows) override {
    ASSERT_GE(samples.size(), size_t{kFrameLanes - 1} * kHopSamples + kFrameSamples);
    for (int i = 0; i < count; ++i)
      std::fill_n(rows[static_cast<size_t>(i)], kBands,
                  samples[static_cast<size_t>(i) * kHopSamples]);
  }
};

TEST(Features, FramesMayBeComputedElsewhere) {
  std::vector<float> samples(40000);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i) * 1e-4F;
  Features features({}, kBands, Normalisation::kWhole, std::make_unique<FirstSamples>());
  for (size_t at = 0; at < samples.size(); at += 1000)
    features.push(std::span(samples).subspan(at, 1000));
  features.end_input();
  const std::vector<float> out = cut(features, 0, 200);
  // Frame t begins 200 samples before sample 160 t; the first is mirrored.
  EXPECT_FLOAT_EQ(out[0], (200 * 1e-4F + 4) / 4);
  for (size_t t = 2; t < 200; ++t)
    ASSERT_FLOAT_EQ(out[t * kBands + 7], (static_cast<float>(160 * t - 200) * 1e-4F + 4) / 4) << t;
}

}  // namespace
}  // namespace npu
