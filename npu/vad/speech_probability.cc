// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_probability.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "device/cpu/kernels.h"
#include "vad/lstm_gates.h"

namespace npu {
namespace {

constexpr size_t kReflected = 64;  // samples after each chunk, mirrored
constexpr size_t kSpan = kVadContextSamples + kVadChunkSamples + kReflected;
constexpr size_t kTransform = 256;  // samples
constexpr size_t kStride = 128;
constexpr size_t kFrames = (kSpan - kTransform) / kStride + 1;  // 4
constexpr size_t kBins = 129;
constexpr size_t kTaps = 3;
constexpr size_t kStrides[] = {1, 2, 2, 1};  // of the four convolutions
constexpr size_t kMaxDepth = kTaps * kBins;
constexpr size_t kMaxOutputs = 288;  // 258 in whole panels
constexpr size_t kGates = 4 * kVadStateSize;
constexpr float kLargestSample = 1e6F;

size_t padded(size_t columns) {
  return cpu::round_up(columns, cpu::kPanelCols);
}

// out [rows][padded(outputs)] = in [rows][depth] x weights + bias
void multiply(const VadLayer& layer, const float* in, size_t rows, float* out) {
  const size_t stride = padded(layer.outputs);
  for (size_t panel = 0; panel < layer.panel_count(); ++panel) {
    cpu::PanelProduct product{};
    product.a = in;
    product.lda = layer.depth;
    product.rows = rows;
    product.b = layer.panel(panel);
    product.ldb = cpu::kPanelCols;
    product.depth = layer.depth;
    product.out = out + panel * cpu::kPanelCols;
    product.ld_out = stride;
    if (layer.bias.size() > 0) product.bias = layer.bias.data() + panel * cpu::kPanelCols;
    cpu::multiply_panel(product);
  }
}

// The inputs of a convolution with zeros on both sides, side by side: `in` is [chunks][frames]
// rows of `channels` values, `stride` floats apart. Returns the output frames per chunk.
size_t gather(const float* in, size_t stride, size_t chunks, size_t frames, size_t channels,
              size_t step, float* out) {
  const size_t out_frames = (frames - 1) / step + 1;
  for (size_t chunk = 0; chunk < chunks; ++chunk)
    for (size_t frame = 0; frame < out_frames; ++frame)
      for (size_t tap = 0; tap < kTaps; ++tap, out += channels) {
        const size_t from = frame * step + tap;  // counted from the zeros in front
        if (from == 0 || from > frames)
          std::fill_n(out, channels, 0.0F);
        else
          std::copy_n(in + (chunk * frames + from - 1) * stride, channels, out);
      }
  return out_frames;
}

float sanitised(float sample) {
  if (!std::isfinite(sample)) return 0.0F;
  return std::clamp(sample, -kLargestSample, kLargestSample);
}

}  // namespace

SpeechProbability::SpeechProbability(std::shared_ptr<const VadModel> model)
    : model_(std::move(model)),
      samples_(kVadContextSamples + kBatchChunks * kVadChunkSamples),
      gathered_(kBatchChunks * kFrames * kMaxDepth),
      gates_(kGates),
      hidden_(kVadStateSize),
      cell_(kVadStateSize) {
  for (cpu::FloatArray& layer : layers_)
    layer = cpu::FloatArray(kBatchChunks * std::max(kFrames * kMaxOutputs, kGates));
}

void SpeechProbability::reset() {
  waiting_ = 0;
  std::fill(samples_.begin(), samples_.end(), 0.0F);
  std::fill_n(hidden_.data(), kVadStateSize, 0.0F);
  std::fill_n(cell_.data(), kVadStateSize, 0.0F);
}

void SpeechProbability::push(std::span<const float> samples, std::vector<float>& probabilities) {
  constexpr size_t kRoom = kBatchChunks * kVadChunkSamples;
  while (!samples.empty()) {
    const size_t count = std::min(samples.size(), kRoom - waiting_);
    std::transform(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count),
                   samples_.begin() + static_cast<std::ptrdiff_t>(kVadContextSamples + waiting_),
                   sanitised);
    waiting_ += count;
    samples = samples.subspan(count);
    if (waiting_ == kRoom) compute(kBatchChunks, probabilities);
  }
}

void SpeechProbability::end_input(std::vector<float>& probabilities) {
  const size_t chunks = (waiting_ + kVadChunkSamples - 1) / kVadChunkSamples;
  std::fill_n(samples_.begin() + static_cast<std::ptrdiff_t>(kVadContextSamples + waiting_),
              chunks * kVadChunkSamples - waiting_, 0.0F);
  compute(chunks, probabilities);
}

// All but the LSTM, of which layers_[1] then has the gates' inputs, [chunks][512].
void SpeechProbability::encode(size_t chunks) {
  float* to = gathered_.data();
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    float span[kSpan];
    const float* from = samples_.data() + chunk * kVadChunkSamples;
    std::copy_n(from, kSpan - kReflected, span);
    for (size_t i = 0; i < kReflected; ++i)
      span[kSpan - kReflected + i] = span[kSpan - kReflected - 2 - i];
    for (size_t frame = 0; frame < kFrames; ++frame, to += kTransform)
      std::copy_n(span + frame * kStride, kTransform, to);
  }
  float* in = layers_[0].data();
  float* out = layers_[1].data();
  multiply(model_->transform(), gathered_.data(), chunks * kFrames, in);
  size_t stride = padded(model_->transform().outputs);
  for (size_t row = 0; row < chunks * kFrames; ++row) {
    float* values = in + row * stride;
    for (size_t bin = 0; bin < kBins; ++bin)
      values[bin] =
          std::sqrt(values[bin] * values[bin] + values[kBins + bin] * values[kBins + bin]);
  }
  size_t frames = kFrames;
  size_t channels = kBins;
  for (size_t i = 0; i < model_->convolutions().size(); ++i) {
    const VadLayer& layer = model_->convolutions()[i];
    frames = gather(in, stride, chunks, frames, channels, kStrides[i], gathered_.data());
    multiply(layer, gathered_.data(), chunks * frames, out);
    channels = layer.outputs;
    stride = padded(channels);
    for (size_t k = 0; k < chunks * frames * stride; ++k) out[k] = std::max(out[k], 0.0F);
    std::swap(in, out);
  }
  multiply(model_->lstm_input(), in, chunks, layers_[1].data());
}

void SpeechProbability::compute(size_t chunks, std::vector<float>& probabilities) {
  if (chunks == 0) return;
  encode(chunks);
  const float* weights = model_->output().panels.data();
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    const float* input = layers_[1].data() + chunk * kGates;
    for (size_t panel = 0; panel < kGates / cpu::kPanelCols; ++panel) {
      const size_t column = panel * cpu::kPanelCols;
      cpu::PanelProduct product{};
      product.a = hidden_.data();
      product.lda = kVadStateSize;
      product.rows = 1;
      product.b = model_->lstm_state().panel(panel);
      product.ldb = cpu::kPanelCols;
      product.depth = kVadStateSize;
      product.out = gates_.data() + column;
      product.ld_out = kGates;
      product.residual = input + column;
      product.ld_residual = kGates;
      cpu::multiply_panel(product);
    }
    apply_lstm_gates(gates_.data(), kVadStateSize, cell_.data(), hidden_.data());
    float sum = model_->output().bias.data()[0];
    for (size_t i = 0; i < kVadStateSize; ++i)
      sum += std::max(hidden_.data()[i], 0.0F) * weights[i * cpu::kPanelCols];
    probabilities.push_back(1.0F / (1.0F + std::exp(-sum)));
  }
  // The end of the last chunk is the context of the next.
  std::copy_n(samples_.begin() + static_cast<std::ptrdiff_t>(chunks * kVadChunkSamples),
              kVadContextSamples, samples_.begin());
  waiting_ = 0;
}

}  // namespace npu
