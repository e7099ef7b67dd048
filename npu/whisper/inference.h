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

// What decoding needs of the network. Histories are self-cache slots; all rows attend to the window
// that was encoded last. Not thread-safe. All errors are those of Context::run().
class Inference {
 public:
  // `context` must allow `max_rows` rows, `histories` self slots and one cross slot. `stats` is
  // borrowed and counts time and work.
  Inference(std::unique_ptr<Context> context, int histories, TranscriberStats& stats);

  // Encodes a window, mel [3000][bands], and computes its cross K,V.
  Result<void> encode(std::span<const float> mel, const CancelToken& cancel);

  // Feeds `tokens` at positions 0.. of history 0 and answers `requests`, whose rows index `tokens`.
  Result<void> prefill(std::span<const int> tokens, std::span<const ScoreRequest> requests,
                       std::span<ScoreResult> results, const CancelToken& cancel);

  // One row per history that goes on. The histories are first permuted by `parents` (empty: not).
  Result<void> step(std::span<const Row> rows, std::span<const int> parents,
                    std::span<const ScoreRequest> requests, std::span<ScoreResult> results,
                    const CancelToken& cancel);

  int histories() const { return histories_; }
  // For the alignment pass, which overwrites history 0.
  Context& context() { return *context_; }

 private:
  Result<void> run(size_t list, const Replay& replay, double& seconds, const CancelToken& cancel);

  std::unique_ptr<Context> context_;
  int histories_;
  TranscriberStats& stats_;
  std::vector<Row> rows_;
};

}  // namespace npu
