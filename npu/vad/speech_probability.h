// SPDX-License-Identifier: LGPL-2.1-or-later
// How probable speech is in each chunk of a stream, by Silero VAD.
// Source: snakers4/silero-vad:src/silero_vad/tinygrad_model.py, utils_vad.py OnnxWrapper.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "vad/vad_model.h"

namespace npu {

// One stream of audio. A chunk is judged with the 64 samples that really came before it (zeros
// before the first), and with the memory of all chunks before. The result does not depend on how
// the samples were divided into pushes. Memory is bounded. Not thread-safe.
class SpeechProbability {
 public:
  // Chunks that are computed together, for speed: results come in groups of this many (256 ms).
  static constexpr size_t kBatchChunks = 8;

  explicit SpeechProbability(std::shared_ptr<const VadModel> model);

  // 16 kHz mono; what is not finite counts as 0, and magnitudes are cut at 1e6. Appends one
  // probability per chunk that is complete and computed.
  void push(std::span<const float> samples, std::vector<float>& probabilities);
  // Appends those of all chunks that are left; the last one is filled up with zeros.
  void end_input(std::vector<float>& probabilities);
  void reset();

 private:
  void compute(size_t chunks, std::vector<float>& probabilities);
  void encode(size_t chunks);

  std::shared_ptr<const VadModel> model_;
  std::vector<float> samples_;  // context, then the chunks that are not yet computed
  size_t waiting_ = 0;          // samples after the context
  // Scratch for one batch.
  cpu::FloatArray gathered_;
  cpu::FloatArray layers_[2];
  cpu::FloatArray gates_;
  cpu::FloatArray hidden_;
  cpu::FloatArray cell_;
};

}  // namespace npu
