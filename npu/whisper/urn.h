// SPDX-License-Identifier: LGPL-2.1-or-later
// Tokens drawn by their probabilities at a temperature.
#pragma once

#include <vector>

#include "device/score.h"
#include "whisper/rules.h"

namespace npu {

// softmax(logits / temperature) over some ids, to draw from. Keeps its memory. Not thread-safe.
class Urn {
 public:
  // The ids that `request` leaves and `left` keeps. `result` must hold the full row.
  void fill(const ScoreRequest& request, const ScoreResult& result, const Choices& left,
            float temperature);
  // The id at `uniform`, 0..1, of the distribution, ids in ascending order; -1 if there is none.
  int draw(double uniform) const;

 private:
  static constexpr int kBlock = 64;  // ids that are passed over at once

  void weigh(IdRange range, const ScoreResult& result, float best, float temperature);
  void remove(const TokenSet& mask);

  std::vector<float> weights_;
  std::vector<double> block_sums_;
  int best_ = -1;
  double sum_ = 0;
};

}  // namespace npu
