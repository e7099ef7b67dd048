// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper over a device context: encode a window, prefill a decoder history, decode step by step.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "cancel.h"
#include "device/device.h"
#include "model/dims.h"
#include "result.h"
#include "whisper/transcriber.h"

namespace npu {

// The longest a single replay may take before the device counts as hung. The longest that is not:
// the encoder of large (1.1 T multiply-adds) in f32 on one slow core.
inline constexpr std::chrono::seconds kReplayLimit{300};

// What decoding needs of the network. Not thread-safe. All errors are those of Context::run().
class Inference {
 public:
  // `limits` are those that `context` was made with. `stats` is borrowed and counts time and work.
  Inference(std::unique_ptr<Context> context, const ContextLimits& limits, TranscriberStats& stats);

  // Encodes a window, mel [3000][bands], on its first `positions` positions, a result of
  // fitting_positions(), and computes its cross K,V into `cross_slot`.
  Result<void> encode(std::span<const float> mel, int positions, int cross_slot,
                      const CancelToken& cancel);

  // Decodes a row table and answers `requests` about its rows. The histories are first permuted by
  // `parents` (empty: not).
  Result<void> step(std::span<const Row> rows, std::span<const int> parents,
                    std::span<const ScoreRequest> requests, std::span<ScoreResult> results,
                    const CancelToken& cancel);

  int max_rows() const { return limits_.max_rows; }
  // For the alignment pass, which overwrites a history.
  Context& context() { return *context_; }

 private:
  Result<void> run(size_t list, const Replay& replay, double& seconds, const CancelToken& cancel);

  std::unique_ptr<Context> context_;
  ContextLimits limits_;
  TranscriberStats& stats_;
};

}  // namespace npu
