// SPDX-License-Identifier: LGPL-2.1-or-later
// A voice activity detector that takes what is loud for speech: for tests that need to know what
// it says.
#pragma once

#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "model_writer.h"
#include "vad/vad_model.h"

namespace npu::testing {

// The tensors of a detector without memory: the magnitudes of a Fourier transform, summed up in
// channel 0, and a sigmoid whose middle lies at about `loudness` (the amplitude of a sine or a
// noise).
inline std::vector<NamedTensor> loudness_detector(float loudness = 0.02F) {
  const auto tensor = [](const char* name, Shape shape) {
    std::vector<float> values(shape.elements());
    return NamedTensor{name, std::move(shape), std::move(values)};
  };
  std::vector<NamedTensor> all = {tensor("stft_conv.weight", {258, 1, 256}),
                                  tensor("conv1.weight", {128, 129, 3}),
                                  tensor("conv1.bias", {128}),
                                  tensor("conv2.weight", {64, 128, 3}),
                                  tensor("conv2.bias", {64}),
                                  tensor("conv3.weight", {64, 64, 3}),
                                  tensor("conv3.bias", {64}),
                                  tensor("conv4.weight", {128, 64, 3}),
                                  tensor("conv4.bias", {128}),
                                  tensor("lstm_cell.weight_ih", {512, 128}),
                                  tensor("lstm_cell.weight_hh", {512, 128}),
                                  tensor("lstm_cell.bias_ih", {512}),
                                  tensor("lstm_cell.bias_hh", {512}),
                                  tensor("final_conv.weight", {1, 128, 1}),
                                  tensor("final_conv.bias", {1})};
  for (size_t bin = 0; bin < 129; ++bin)
    for (size_t i = 0; i < 256; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(bin * i % 256) / 256;
      const double window =
          0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / 256);
      all[0].values[bin * 256 + i] = static_cast<float>(window * std::cos(angle));
      all[0].values[(129 + bin) * 256 + i] = static_cast<float>(window * std::sin(angle));
    }
  // The sum over the bins of a noise of amplitude a is about 500 a.
  for (size_t bin = 0; bin < 129; ++bin) all[1].values[bin * 3 + 1] = 1.0F / 500;
  for (const size_t layer : {3, 5, 7}) all[layer].values[1] = 1;  // the middle tap
  // Gates i and o open, f closed, g = tanh(input / loudness / 2).
  all[9].values[2 * 128 * 128] = 0.5F / loudness;
  std::fill_n(all[11].values.begin(), 128, 20.0F);
  std::fill_n(all[11].values.begin() + 128, 128, -20.0F);
  std::fill_n(all[11].values.begin() + 3 * 128, 128, 20.0F);
  // tanh(tanh(0.5)) is 0.43.
  all[13].values[0] = 40;
  all[14].values[0] = -40 * 0.43F;
  return all;
}

inline std::shared_ptr<const VadModel> loudness_model(float loudness = 0.02F) {
  const WrittenFile file = write_safetensors(loudness_detector(loudness), TensorType::kF32);
  return VadModel::parse({"loudness", file.bytes}).value();
}

}  // namespace npu::testing
