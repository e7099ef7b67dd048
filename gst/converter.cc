// SPDX-License-Identifier: LGPL-2.1-or-later
// GstAudioConverter with exact accounts.
#include "converter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace npu::gst {
namespace {

// Frames handed over at once: bounds the converter's own buffers for buffers of any length.
constexpr int64_t kPiece = 16384;

// A sinc that cuts at kCutoff of the lower rate, under a Kaiser window over kTaps of its zeros.
constexpr double kCutoff = 0.97;
constexpr double kTaps = 32.0;
constexpr double kBeta = 9.0;
constexpr double kMostTableBytes = 64 << 20;

// The filter of FFmpeg's libswresample as it is by default (algorithm: FFmpeg/FFmpeg:
// libswresample/resample.c), which Whisper's reference hears through: its band edge lies within
// the mel filters. GStreamer speaks of attenuation and transition width instead, and makes lengths
// multiples of 8; a window that much wider gets the same shape about its middle.
void filter_like_the_reference(GstStructure* config, gint rate) {
  const gint divisor = std::gcd(rate, kEngineRate);
  const gint in_rate = rate / divisor;
  const gint out_rate = kEngineRate / divisor;
  const double slower = std::max(1.0, static_cast<double>(in_rate) / out_rate);
  const double factor = std::min(1.0, kCutoff * out_rate / in_rate);
  const double length = std::ceil(kTaps / factor);

  // GStreamer stretches `taps` when it slows down, rounds that down, then up to eights.
  const double taps = std::ceil(length / slower);
  const double made = std::ceil(std::floor(taps * slower) / 8.0) * 8.0;
  const double beta = kBeta * (made / length) * (made / length);
  const double attenuation = beta / 0.1102 + 8.7;
  const double transition = (attenuation - 8.0) / (2.285 * 2.0 * G_PI * (taps - 0.5));
  gst_structure_set(
      config, GST_AUDIO_CONVERTER_OPT_RESAMPLER_METHOD, GST_TYPE_AUDIO_RESAMPLER_METHOD,
      GST_AUDIO_RESAMPLER_METHOD_KAISER, GST_AUDIO_RESAMPLER_OPT_CUTOFF, G_TYPE_DOUBLE,
      factor * slower, GST_AUDIO_RESAMPLER_OPT_STOP_ATTENUATION, G_TYPE_DOUBLE, attenuation,
      GST_AUDIO_RESAMPLER_OPT_TRANSITION_BANDWIDTH, G_TYPE_DOUBLE, transition, nullptr);

  // All coefficients in a table: with interpolated ones the audio comes out late (seen in 1.22:
  // 0.03 samples of the output from 44.1 kHz, 0.11 from 8 kHz). For rates that no audio has
  // GStreamer must be told not to: its own choice overflows.
  if (made * out_rate * sizeof(double) <= kMostTableBytes)
    gst_structure_set(config, GST_AUDIO_RESAMPLER_OPT_FILTER_MODE,
                      GST_TYPE_AUDIO_RESAMPLER_FILTER_MODE, GST_AUDIO_RESAMPLER_FILTER_MODE_FULL,
                      GST_AUDIO_RESAMPLER_OPT_FILTER_INTERPOLATION,
                      GST_TYPE_AUDIO_RESAMPLER_FILTER_INTERPOLATION,
                      GST_AUDIO_RESAMPLER_FILTER_INTERPOLATION_NONE, nullptr);
  else
    gst_structure_set(config, GST_AUDIO_RESAMPLER_OPT_FILTER_MODE,
                      GST_TYPE_AUDIO_RESAMPLER_FILTER_MODE,
                      GST_AUDIO_RESAMPLER_FILTER_MODE_INTERPOLATED, nullptr);
}

// Without positions GStreamer would take the first channel alone; all count the same here.
void mix_unpositioned(GstStructure* config, gint channels) {
  GValue row = G_VALUE_INIT;
  GValue matrix = G_VALUE_INIT;
  g_value_init(&matrix, GST_TYPE_ARRAY);
  g_value_init(&row, GST_TYPE_ARRAY);
  for (gint i = 0; i < channels; ++i) {
    GValue weight = G_VALUE_INIT;
    g_value_init(&weight, G_TYPE_FLOAT);
    g_value_set_float(&weight, 1.0F / static_cast<float>(channels));
    gst_value_array_append_and_take_value(&row, &weight);
  }
  gst_value_array_append_and_take_value(&matrix, &row);
  gst_structure_take_value(config, GST_AUDIO_CONVERTER_OPT_MIX_MATRIX, &matrix);
}

}  // namespace

Result<std::unique_ptr<Converter>> Converter::create(const GstAudioInfo& info) {
  GstAudioInfo out;
  gst_audio_info_init(&out);
  gst_audio_info_set_format(&out, GST_AUDIO_FORMAT_F32, kEngineRate, 1, nullptr);

  GstStructure* config = gst_structure_new_empty("converter");
  filter_like_the_reference(config, GST_AUDIO_INFO_RATE(&info));
  gst_structure_set(config, GST_AUDIO_CONVERTER_OPT_DITHER_METHOD, GST_TYPE_AUDIO_DITHER_METHOD,
                    GST_AUDIO_DITHER_NONE, nullptr);
  if (GST_AUDIO_INFO_IS_UNPOSITIONED(&info) && GST_AUDIO_INFO_CHANNELS(&info) > 1)
    mix_unpositioned(config, GST_AUDIO_INFO_CHANNELS(&info));

  GstAudioInfo in = info;
  GstAudioConverter* converter =
      gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &in, &out, config);
  if (!converter)
    return Error{ErrorCode::kUnsupported,
                 text("cannot convert audio of format ", GST_AUDIO_INFO_NAME(&info), ", ",
                      GST_AUDIO_INFO_RATE(&info), " Hz, ", GST_AUDIO_INFO_CHANNELS(&info),
                      " channels, to 16 kHz mono")};
  return std::unique_ptr<Converter>(new Converter(info, converter));
}

Converter::~Converter() {
  gst_audio_converter_free(converter_);
}

int64_t Converter::due_samples() const {
  const int64_t rate = GST_AUDIO_INFO_RATE(&info_);
  return frames_ / rate * kEngineRate + (frames_ % rate * kEngineRate + rate / 2) / rate;
}

void Converter::feed(gpointer* planes, int64_t frames, std::vector<float>& out) {
  const auto in_frames = static_cast<gsize>(frames);
  const gsize out_frames = gst_audio_converter_get_out_frames(converter_, in_frames);
  const size_t before = out.size();
  out.resize(before + out_frames);
  gpointer target[] = {out.data() + before};
  gst_audio_converter_samples(converter_, GST_AUDIO_CONVERTER_FLAG_NONE, planes, in_frames, target,
                              out_frames);
  samples_ += static_cast<int64_t>(out_frames);
}

// GstAudioConverter takes no input for silence too, but leaves integer formats unset (seen
// in 1.22).
void Converter::feed_silence(int64_t frames, std::vector<float>& out) {
  const auto channels = static_cast<size_t>(GST_AUDIO_INFO_CHANNELS(&info_));
  const auto most = static_cast<size_t>(std::min(kPiece, frames));
  std::vector<guint8> silence(most * static_cast<size_t>(GST_AUDIO_INFO_BPF(&info_)));
  gst_audio_format_info_fill_silence(info_.finfo, silence.data(), silence.size());
  // Planes, if there are several, may be one and the same.
  std::vector<gpointer> planes(channels, silence.data());
  for (int64_t piece = 0; frames > 0; frames -= piece) {
    piece = std::min(kPiece, frames);
    feed(planes.data(), piece, out);
  }
}

Result<int64_t> Converter::convert(GstBuffer* buffer, int64_t skip, std::vector<float>& out) {
  GstAudioBuffer audio;
  if (!gst_audio_buffer_map(&audio, &info_, buffer, GST_MAP_READ))
    return Error{ErrorCode::kInvalidArgument,
                 text("an audio buffer of ", gst_buffer_get_size(buffer),
                      " bytes does not hold whole frames of ", GST_AUDIO_INFO_BPF(&info_),
                      " bytes, or cannot be read")};
  const auto total = static_cast<int64_t>(GST_AUDIO_BUFFER_N_SAMPLES(&audio));
  const int n_planes = GST_AUDIO_BUFFER_N_PLANES(&audio);
  // A plane of interleaved audio holds all channels.
  const int64_t stride = GST_AUDIO_INFO_LAYOUT(&info_) == GST_AUDIO_LAYOUT_INTERLEAVED
                             ? GST_AUDIO_INFO_BPF(&info_)
                             : GST_AUDIO_INFO_BPF(&info_) / GST_AUDIO_INFO_CHANNELS(&info_);
  std::vector<gpointer> planes(static_cast<size_t>(n_planes));
  for (int64_t done = std::min(skip, total); done < total;) {
    const int64_t piece = std::min(kPiece, total - done);
    for (int i = 0; i < n_planes; ++i)
      planes[static_cast<size_t>(i)] =
          static_cast<guint8*>(GST_AUDIO_BUFFER_PLANE_DATA(&audio, i)) + done * stride;
    feed(planes.data(), piece, out);
    done += piece;
  }
  gst_audio_buffer_unmap(&audio);
  const int64_t taken = std::max<int64_t>(0, total - skip);
  frames_ += taken;
  return taken;
}

void Converter::silence(int64_t frames, std::vector<float>& out) {
  frames_ += frames;
  feed_silence(frames, out);
}

void Converter::finish(std::vector<float>& out) {
  const int64_t due = due_samples();
  // The filter looks ahead by its latency: that much silence brings out the last samples.
  if (samples_ < due)
    feed_silence(static_cast<int64_t>(gst_audio_converter_get_max_latency(converter_)), out);
  const int64_t excess = std::min<int64_t>(samples_ - due, static_cast<int64_t>(out.size()));
  out.resize(static_cast<size_t>(static_cast<int64_t>(out.size()) - excess), 0.0F);
  reset();
}

void Converter::reset() {
  gst_audio_converter_reset(converter_);
  frames_ = 0;
  samples_ = 0;
}

}  // namespace npu::gst
