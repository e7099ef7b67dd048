// SPDX-License-Identifier: LGPL-2.1-or-later
// Any raw audio to the engine's: same samples whatever the format and the buffers, none lost.
#include "converter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>

#include "element_fixture.h"

namespace npu::testing {
namespace {

using gst::Converter;

std::vector<float> convert(const GstAudioInfo& info, GstBuffer* audio, guint64 frames_each) {
  auto converter = Converter::create(info);
  EXPECT_TRUE(converter) << converter.error().message;
  std::vector<float> out;
  const guint64 total = gst_buffer_get_size(audio) / static_cast<gsize>(info.bpf);
  for (guint64 at = 0; at < total; at += frames_each) {
    const guint64 to = std::min(at + frames_each, total);
    const auto taken = (*converter)->convert(slice(audio, info, at, to, 0).get(), 0, out);
    EXPECT_TRUE(taken);
    EXPECT_EQ(static_cast<guint64>(*taken), to - at);
  }
  (*converter)->finish(out);
  return out;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

const std::vector<Burst> kBursts = {{0.2, 0.5}, {0.7, 0.8}};

// Against 16 kHz mono f64, which needs no resampling: inside a burst (its edges ring when
// resampled).
class ConverterFormat : public ::testing::TestWithParam<std::tuple<GstAudioFormat, int, int>> {};

TEST_P(ConverterFormat, GivesTheSamplesOfTheReference) {
  const auto [format, rate, channels] = GetParam();
  const GstAudioInfo info = audio_format(format, rate, channels);
  const auto audio = make_audio(info, 1.0, kBursts);
  const GstAudioInfo plain = audio_format(GST_AUDIO_FORMAT_F64, gst::kEngineRate, 1);
  const auto reference = convert(plain, make_audio(plain, 1.0, kBursts).get(), 16000);
  const auto samples = convert(info, audio.get(), 4096);
  ASSERT_EQ(samples.size(), 16000U);
  // A step and a half of the coarsest format; else what the bursts' edges ring.
  const float tolerance = format == GST_AUDIO_FORMAT_U8 ? 0.012F : 0.0005F;
  for (size_t i = 4400; i < 7200; ++i)
    ASSERT_NEAR(samples[i], reference[i], tolerance) << "sample " << i;
}

INSTANTIATE_TEST_SUITE_P(
    Converter, ConverterFormat,
    ::testing::Combine(::testing::Values(GST_AUDIO_FORMAT_U8, GST_AUDIO_FORMAT_S16LE,
                                         GST_AUDIO_FORMAT_S24LE, GST_AUDIO_FORMAT_F32LE,
                                         GST_AUDIO_FORMAT_F64LE),
                       ::testing::Values(8000, 16000, 44100, 48000, 96000),
                       ::testing::Values(1, 2, 6)),
    [](const auto& row) {
      return std::string(gst_audio_format_to_string(std::get<0>(row.param))) + "_" +
             std::to_string(std::get<1>(row.param)) + "Hz_" +
             std::to_string(std::get<2>(row.param)) + "ch";
    });

TEST(Converter, SamplesDoNotDependOnTheBuffers) {
  for (const int rate : {8000, 16000, 44100, 96000}) {
    const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16LE, rate, 2);
    const auto audio = make_audio(info, 1.0, kBursts);
    const auto whole = convert(info, audio.get(), 1U << 30U);
    for (const guint64 frames : {1, 7, 441, 4097}) {
      const auto pieces = convert(info, audio.get(), frames);
      ASSERT_EQ(pieces.size(), whole.size()) << rate << " Hz, buffers of " << frames;
      EXPECT_LE(largest_difference(pieces, whole), 1e-6F) << rate << " Hz, buffers of " << frames;
    }
  }
}

TEST(Converter, AccountsForEverySample) {
  for (const int rate : {8000, 11025, 16000, 44100, 48000, 96000}) {
    const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_F32LE, rate, 1);
    for (const int frames : {1, 2, 3, 100, 441, rate - 1, rate, rate + 1}) {
      const auto audio = make_audio(info, static_cast<double>(frames) / rate, {});
      EXPECT_EQ(static_cast<long>(convert(info, audio.get(), 480).size()),
                std::lround(frames * 16000.0 / rate))
          << rate << " Hz, " << frames << " frames";
    }
  }
}

TEST(Converter, KeepsEventsInTheirPlace) {
  for (const int rate : {8000, 44100, 96000}) {
    const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_F32LE, rate, 1);
    const auto audio = make_audio(info, 1.0, {{0.5, 0.505}});  // one period: its peak is at 0.5 s
    const auto samples = convert(info, audio.get(), 333);
    size_t first = 0;
    while (first < samples.size() && std::fabs(samples[first]) < 0.25F) ++first;
    EXPECT_LE(std::fabs(static_cast<double>(first) - 8000.0), 2.0) << rate;
  }
}

// White noise, the same on every run and machine.
std::vector<float> noise(size_t samples) {
  std::minstd_rand random(1);
  std::vector<float> values(samples);
  for (float& value : values)
    value = static_cast<float>(random()) / static_cast<float>(std::minstd_rand::max()) - 0.5F;
  return values;
}

// What FFmpeg's resampler makes of it at 16 kHz, as it is by default (FFmpeg/FFmpeg:
// libswresample/resample.c): a sinc under a Kaiser window, summed directly.
double resampled(const std::vector<float>& in, int rate, size_t at) {
  const double factor = std::min(1.0, 0.97 * gst::kEngineRate / rate);
  const double half = std::ceil(32.0 / factor) / 2;
  const double middle = static_cast<double>(at) * rate / gst::kEngineRate;
  double sum = 0, weights = 0;
  for (double i = std::ceil(middle - half); i <= middle + half; ++i) {
    const double x = i - middle;
    const double window = std::sqrt(std::max(0.0, 1 - x * x / half / half));
    const double sinc = x == 0 ? 1 : std::sin(G_PI * factor * x) / (G_PI * factor * x);
    const double weight = sinc * std::cyl_bessel_i(0.0, 9.0 * window);
    weights += weight;
    sum += weight * static_cast<double>(in.at(static_cast<size_t>(i)));
  }
  return sum / weights;
}

TEST(Converter, ResamplesAsTheReferencesDecoderDoes) {
  for (const int rate : {8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000}) {
    const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_F32LE, rate, 1);
    const auto in = noise(static_cast<size_t>(rate) / 2);
    gst::BufferPtr audio(gst_buffer_new_memdup(in.data(), in.size() * sizeof(float)));
    const auto out = convert(info, audio.get(), 4096);
    double power = 0, error = 0;
    for (size_t at = 100; at < 7900; at += 3) {
      const double expected = resampled(in, rate, at);
      power += expected * expected;
      error += (out[at] - expected) * (out[at] - expected);
    }
    // Most of the difference lies between the filters' slopes above 7.5 kHz.
    EXPECT_LE(10 * std::log10(error / power), -55) << rate << " Hz";
  }
}

TEST(Converter, TakesRatesThatNoAudioHas) {
  for (const int rate : {1, 7, 15999, 44101, 767999, std::numeric_limits<int>::max()}) {
    const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16LE, rate, 1);
    gst::BufferPtr audio(gst_buffer_new_allocate(nullptr, 2 * sizeof(gint16), nullptr));
    gst_buffer_memset(audio.get(), 0, 0, 2 * sizeof(gint16));
    EXPECT_EQ(static_cast<long>(convert(info, audio.get(), 2).size()),
              std::lround(2 * 16000.0 / rate))
        << rate << " Hz";
  }
}

TEST(Converter, SkipsTheFramesItIsTold) {
  const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_F32LE, 16000, 1);
  const auto audio = make_audio(info, 0.5, {{0.2, 0.5}});
  auto converter = Converter::create(info);
  ASSERT_TRUE(converter);
  std::vector<float> out;
  const auto taken = (*converter)->convert(audio.get(), 3200, out);
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, 4800);
  EXPECT_NEAR(out.front(), 0.5F, 1e-3F);
}

TEST(Converter, MixesChannelsWithoutPositionsEqually) {
  GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_F32LE, 16000, 2);
  GstAudioChannelPosition none[] = {GST_AUDIO_CHANNEL_POSITION_NONE,
                                    GST_AUDIO_CHANNEL_POSITION_NONE};
  gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32LE, 16000, 2, none);
  gst::BufferPtr audio(gst_buffer_new_allocate(nullptr, 2 * sizeof(float), nullptr));
  const float frame[] = {0.0F, 0.8F};
  gst_buffer_fill(audio.get(), 0, frame, sizeof frame);
  const auto samples = convert(info, audio.get(), 1);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_NEAR(samples[0], 0.4F, 1e-4F);
}

TEST(Converter, LeavesOutAnIncompleteFrame) {
  const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 2);
  auto converter = Converter::create(info);
  ASSERT_TRUE(converter);
  gst::BufferPtr odd(gst_buffer_new_allocate(nullptr, 7, nullptr));
  std::vector<float> out;
  const auto taken = (*converter)->convert(odd.get(), 0, out);
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, 1);
}

}  // namespace
}  // namespace npu::testing
