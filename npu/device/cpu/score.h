// SPDX-License-Identifier: LGPL-2.1-or-later
// The last linear of the decoder and what the decoding rules want to know of it. Logits exist in
// chunks of the vocabulary, in the scratch of a thread, and are reduced there.
#pragma once

#include <span>
#include <vector>

#include "device/cpu/packed.h"
#include "device/cpu/pool.h"

namespace npu::cpu {

// Log-sum-exp in the making: sum of exp(x - max).
struct PartialSum {
  float max;
  double sum;
};

// What one chunk of the vocabulary gave for one request.
struct ChunkScore {
  PartialSum raw;
  PartialSum groups[kScoreGroups];
  size_t found[kScoreGroups];  // candidates
};

// What the reductions need between chunks; grows to what the requests ask for, and never shrinks.
struct ScoreScratch {
  // Floats that a thread needs.
  static size_t thread_size();

  FloatArray inputs;                  // rows of the requests, side by side
  std::vector<ChunkScore> chunks;     // [chunk][request]
  std::vector<Candidate> candidates;  // [chunk][request][group][most]
};

// Fills `results` for `requests` from the logits in tokens^T. `thread_scratch` has thread_size()
// floats per thread. Chunks are the same for any number of threads and are joined in order. False
// if it was interrupted.
bool score_rows(const Matrix& in, const PackedMatrix& tokens,
                std::span<const ScoreRequest> requests, std::span<ScoreResult> results, Turn& turn,
                ScoreScratch& scratch, std::span<FloatArray> thread_scratch);

}  // namespace npu::cpu
