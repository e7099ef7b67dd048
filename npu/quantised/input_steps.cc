// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/input_steps.h"

#include <algorithm>
#include <cmath>

#include "numerics/fine.h"

namespace npu::quantised {
namespace {

constexpr double kExponents[] = {0, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1};
// Values beyond this share of the range are cut off.
constexpr double kRanges[] = {1, 0.85, 0.7, 0.55};

// Outputs of a reader that are looked at: more tell nothing new.
constexpr size_t kMostOutputs = 1024;

std::vector<float> weight_peaks(std::span<const Reader> readers, size_t channels) {
  std::vector<float> peaks(channels);
  for (const Reader& reader : readers)
    for (size_t i = 0; i < reader.weights.size(); ++i)
      peaks[i % channels] = std::max(peaks[i % channels], std::abs(reader.weights[i]));
  return peaks;
}

std::vector<float> steps_for(const std::vector<float>& activation, const std::vector<float>& weight,
                             double exponent, double range, int most) {
  std::vector<float> steps(activation.size());
  const float floor = *std::max_element(activation.begin(), activation.end()) * 1e-5F + 1e-12F;
  float greatest = 0;
  for (size_t c = 0; c < steps.size(); ++c) {
    const double a = std::max(activation[c], floor), w = std::max(weight[c], 1e-8F);
    steps[c] = static_cast<float>(std::pow(a, exponent) / std::pow(w, 1 - exponent));
    greatest = std::max(greatest, static_cast<float>(a) / steps[c]);
  }
  const auto unit = static_cast<float>(range * greatest / most);
  for (float& step : steps) step *= unit;
  return steps;
}

// The outputs of readers that are looked at, transposed: [channels][outputs].
struct Outputs {
  size_t count = 0;
  std::vector<float> transposed;

  void put(size_t output, std::span<const float> weights, double step) {
    for (size_t c = 0; c < weights.size(); ++c)
      transposed[c * count + output] = static_cast<float>(weights[c] * step);
  }
};

size_t stride_of(const Reader& reader) {
  return (reader.rows + kMostOutputs - 1) / kMostOutputs;
}

template <typename Fill>
Outputs outputs_of(std::span<const Reader> readers, size_t channels, const Fill& fill) {
  Outputs outputs;
  for (const Reader& reader : readers)
    outputs.count += (reader.rows + stride_of(reader) - 1) / stride_of(reader);
  outputs.transposed.resize(outputs.count * channels);
  size_t output = 0;
  for (const Reader& reader : readers)
    for (size_t row = 0; row < reader.rows; row += stride_of(reader))
      fill(outputs, output++, reader.weights.subspan(row * channels, channels));
  return outputs;
}

// rows [rows][channels] times outputs.
std::vector<float> multiply(std::span<const float> rows, size_t channels, const Outputs& outputs) {
  const size_t count = rows.size() / channels;
  std::vector<float> products(count * outputs.count);
  for (size_t r = 0; r < count; ++r) {
    float* product = products.data() + r * outputs.count;
    for (size_t c = 0; c < channels; ++c) {
      const float x = rows[r * channels + c];
      const float* weights = outputs.transposed.data() + c * outputs.count;
      for (size_t o = 0; o < outputs.count; ++o) product[o] += x * weights[o];
    }
  }
  return products;
}

double noise_of(const std::vector<float>& exact, const std::vector<float>& found) {
  double signal = 0, error = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    signal += double{exact[i]} * exact[i];
    error += (double{found[i]} - exact[i]) * (double{found[i]} - exact[i]);
  }
  return signal > 0 ? error / signal : 0;
}

}  // namespace

std::vector<float> best_ranges(const ChannelStats& stats) {
  const size_t channels = stats.channels();
  std::vector<float> ranges(stats.peak);
  for (size_t c = 0; c < channels; ++c) {
    double least = HUGE_VAL;
    for (const double share : kRanges) {
      const double range = share * stats.peak[c], step = std::max(range / 127, 1e-12);
      double error = 0;
      for (size_t r = 0; r < stats.rows(); ++r) {
        const double x = stats.samples[r * channels + c];
        const double cut = std::clamp(std::nearbyint(x / step), -128.0, 127.0) * step;
        error += (x - cut) * (x - cut);
      }
      if (error >= least) continue;
      least = error;
      ranges[c] = static_cast<float>(range);
    }
  }
  return ranges;
}

int most_of(Input input) {
  return input == Input::kFine ? kernels::kFineMost : 127;
}

void quantise_row(std::span<const float> row, std::span<const float> steps, Input input,
                  std::span<int> out) {
  const float most = static_cast<float>(most_of(input));
  for (size_t c = 0; c < row.size(); ++c)
    out[c] = static_cast<int>(std::nearbyint(std::clamp(row[c] / steps[c], -most - 1, most)));
}

double quantise_weights(std::span<const float> weights, std::span<const float> steps,
                        std::span<int8_t> out) {
  float most = 0;
  for (size_t c = 0; c < weights.size(); ++c)
    most = std::max(most, std::abs(weights[c] * steps[c]));
  const double step = most / 127.0;
  for (size_t c = 0; c < weights.size(); ++c)
    out[c] =
        step > 0 ? static_cast<int8_t>(std::nearbyint(weights[c] * steps[c] / step)) : int8_t{0};
  return step;
}

InputSteps choose_steps(const ChannelStats& stats, std::span<const Reader> readers, Input input) {
  const size_t channels = stats.channels();
  const auto peaks = weight_peaks(readers, channels);
  const auto exact =
      multiply(stats.samples, channels,
               outputs_of(readers, channels,
                          [](Outputs& to, size_t output, auto row) { to.put(output, row, 1); }));
  InputSteps best;
  best.noise = HUGE_VAL;
  std::vector<float> rows(stats.samples.size());
  std::vector<int> integers(channels);
  std::vector<int8_t> weights(channels);
  std::vector<float> as_floats(channels);
  for (const double exponent : kExponents)
    for (const double range : kRanges) {
      if (input == Input::kFine && range != 1) continue;
      InputSteps tried{steps_for(stats.peak, peaks, exponent, range, most_of(input)), exponent, 0};
      for (size_t r = 0; r < stats.rows(); ++r) {
        quantise_row(std::span(stats.samples).subspan(r * channels, channels), tried.steps, input,
                     integers);
        std::copy(integers.begin(), integers.end(),
                  rows.begin() + static_cast<std::ptrdiff_t>(r * channels));
      }
      const Outputs outputs =
          outputs_of(readers, channels, [&](Outputs& to, size_t output, auto row) {
            const double step = quantise_weights(row, tried.steps, weights);
            std::copy(weights.begin(), weights.end(), as_floats.begin());
            to.put(output, as_floats, step);
          });
      tried.noise = noise_of(exact, multiply(rows, channels, outputs));
      if (tried.noise < best.noise) best = std::move(tried);
    }
  return best;
}

}  // namespace npu::quantised
