// SPDX-License-Identifier: LGPL-2.1-or-later
// The last linear of the decoder and what the decoding rules want to know of it. Logits exist in
// chunks of the vocabulary, in the scratch of a thread, and are reduced there.
#pragma once

#include <span>
#include <vector>

#include "device/cpu/ahead.h"
#include "device/cpu/aligned.h"
#include "device/cpu/pool.h"
#include "device/score.h"

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
};

// Where logits come from: the product of some rows with the embedding.
class Logits {
 public:
  virtual ~Logits() = default;
  // Ids, one panel of kPanelCols at a time.
  virtual size_t vocabulary() const = 0;
  // Takes rows[i] of the decoder's output for the calls of compute() that follow. Called by one
  // thread, for at most kScoreRows rows.
  virtual void begin(const Matrix& in, std::span<const ScoreRequest> requests) = 0;
  // Fills out[row][kPanelCols panels], `stride` floats from row to row. Called by many threads.
  virtual void compute(size_t panel, size_t panels, float* out, size_t stride) const = 0;
  // What compute() reads first for panels panel.., to be fetched meanwhile; nothing by default.
  virtual Ahead ahead(size_t) const { return {}; }
};

inline constexpr size_t kScoreRows = 56;  // requests that share a pass over the weights

// What the reductions need between chunks; grows to what the requests ask for, and never shrinks.
struct ScoreScratch {
  // Floats that a thread needs.
  static size_t thread_size();

  std::vector<ChunkScore> chunks;     // [chunk][request]
  std::vector<Candidate> candidates;  // [thread][request][group][most]
  std::vector<size_t> found;          // of them: [thread][request][group]
};

// Fills `results` for `requests` from the logits of the rows of `in`. `thread_scratch` has
// thread_size() floats per thread. The sums of chunks are the same for any number of threads and
// are joined in order. False if it was interrupted.
bool score_rows(const Matrix& in, Logits& logits, std::span<const ScoreRequest> requests,
                std::span<ScoreResult> results, Turn& turn, ScoreScratch& scratch,
                std::span<FloatArray> thread_scratch);

}  // namespace npu::cpu
