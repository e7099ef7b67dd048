// SPDX-License-Identifier: LGPL-2.1-or-later
// The weights of the Silero voice activity detector (versions 5 and 6, 16 kHz).
// Source: snakers4/silero-vad:src/silero_vad/tinygrad_model.py and data/silero_vad_16k.safetensors.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "cancel.h"
#include "device/cpu/aligned.h"
#include "model/mapped_file.h"
#include "result.h"

namespace npu {

// Its name in the folder of models, and its file there.
inline constexpr char kVadModelName[] = "silero-vad";
inline constexpr char kVadFileName[] = "silero_vad_16k.safetensors";

inline constexpr size_t kVadChunkSamples = 512;   // 32 ms; one probability each
inline constexpr size_t kVadContextSamples = 64;  // of the chunk before, in front of each chunk
inline constexpr size_t kVadStateSize = 128;      // of the LSTM

// A matrix product's weights, in panels of kPanelCols outputs:
// panels[panel][depth][output in panel], the last panel padded with zeros.
struct VadLayer {
  size_t outputs = 0;
  size_t depth = 0;  // inputs, or taps x channels of a convolution, tap by tap
  cpu::FloatArray panels;
  cpu::FloatArray bias;  // whole panels; empty: none

  const float* panel(size_t index) const { return panels.data() + index * depth * cpu::kPanelCols; }
  size_t panel_count() const { return (outputs + cpu::kPanelCols - 1) / cpu::kPanelCols; }
};

// Immutable and shared by the streams that use it.
class VadModel {
 public:
  // From a file, the folder that holds it, or a name in model_folder(). Users of the same file in
  // this process share one object. Errors: kNotFound (for a name: says which command fetches it),
  // kIo, kCancelled, those of parse().
  static Result<std::shared_ptr<const VadModel>> load(const std::string& path,
                                                      const CancelToken& cancel);
  // Errors: kBadModel; kUnsupported (a tensor's type). Both name the file, expected and found.
  static Result<std::shared_ptr<const VadModel>> parse(const FileBytes& file);

  const VadLayer& transform() const { return transform_; }  // 256 samples to 129 re, 129 im
  const std::array<VadLayer, 4>& convolutions() const { return convolutions_; }
  const VadLayer& lstm_input() const { return lstm_input_; }  // with the sum of both biases
  const VadLayer& lstm_state() const { return lstm_state_; }  // no bias
  const VadLayer& output() const { return output_; }

 private:
  VadModel() = default;

  VadLayer transform_;
  std::array<VadLayer, 4> convolutions_;
  VadLayer lstm_input_;
  VadLayer lstm_state_;
  VadLayer output_;
};

}  // namespace npu
