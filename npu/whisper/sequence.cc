// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/sequence.h"

#include <algorithm>
#include <cmath>

namespace npu {

size_t best_sequence(std::span<const Sequence> sequences, std::optional<float> length_penalty) {
  const auto score = [&](const Sequence& sequence) {
    const double length = std::max<double>(1, static_cast<double>(sequence.tokens.size()));
    const double penalty = length_penalty ? std::pow((5 + length) / 6, *length_penalty) : length;
    return sequence.sum_logprob / penalty;
  };
  size_t best = 0;
  for (size_t i = 1; i < sequences.size(); ++i)
    if (score(sequences[i]) > score(sequences[best])) best = i;
  return best;
}

}  // namespace npu
