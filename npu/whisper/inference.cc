// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/inference.h"

#include <chrono>

#include "whisper/network.h"

namespace npu {

Inference::Inference(std::unique_ptr<Context> context, const ContextLimits& limits,
                     TranscriberStats& stats)
    : context_(std::move(context)), limits_(limits), stats_(stats) {}

Result<void> Inference::run(size_t list, const Replay& replay, double& seconds,
                            const CancelToken& cancel) {
  const auto start = std::chrono::steady_clock::now();
  Result<void> result = context_->run(list, replay, cancel, Deadline::in(kReplayLimit));
  seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

Result<void> Inference::encode(std::span<const float> mel, int positions, int cross_slot,
                               const CancelToken& cancel) {
  NPU_TRY(context_->write(kMelBuffer, mel));
  NPU_TRY(run(list_on_positions(kEncoder, positions), {}, stats_.encoder_s, cancel));
  Replay store;
  store.store_slot = cross_slot;
  NPU_TRY(run(list_on_positions(kCrossKv, positions), store, stats_.cross_kv_s, cancel));
  ++stats_.encoder_runs;
  if (positions < kAudioPositions) ++stats_.fitting_runs;
  return {};
}

Result<void> Inference::step(std::span<const Row> rows, std::span<const int> parents,
                             std::span<const ScoreRequest> requests, std::span<ScoreResult> results,
                             const CancelToken& cancel) {
  Replay replay;
  replay.rows = rows;
  replay.self_parents = parents;
  replay.score = requests;
  replay.results = results;
  ++stats_.decode_steps;
  return run(kDecodeStep, replay, stats_.decode_s, cancel);
}

}  // namespace npu
