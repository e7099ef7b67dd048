// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/urn.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "whisper/exponentials.h"

namespace npu {

void Urn::weigh(IdRange range, const ScoreResult& result, float best, float temperature) {
  if (range.begin >= range.end) return;
  exponentials(result.full_row.data() + range.begin, static_cast<size_t>(range.end - range.begin),
               best, temperature, weights_.data() + range.begin);
}

void Urn::remove(const TokenSet& mask) {
  for (size_t word = 0; word < mask.words().size(); ++word)
    for (uint64_t bits = mask.words()[word]; bits != 0; bits &= bits - 1) {
      const size_t id = word * 64 + static_cast<size_t>(std::countr_zero(bits));
      if (id < weights_.size()) weights_[id] = 0;
    }
}

void Urn::fill(const ScoreRequest& request, const ScoreResult& result, const Choices& left,
               float temperature) {
  const Candidate best = best_candidate(result, left);
  best_ = best.id;
  sum_ = 0;
  if (best_ < 0) return;
  const size_t blocks = (result.full_row.size() + kBlock - 1) / kBlock;
  weights_.assign(blocks * kBlock, 0);
  block_sums_.resize(blocks);
  for (int group = left.only_timestamps ? kTimestamps : kText; group < kScoreGroups; ++group)
    weigh(request.ranges[group], result, best.logit, temperature);
  if (request.mask) remove(*request.mask);
  for (size_t block = 0; block < blocks; ++block) {
    float lanes[4] = {};
    for (size_t i = 0; i < kBlock; ++i) lanes[i % 4] += weights_[block * kBlock + i];
    block_sums_[block] = double{lanes[0]} + lanes[1] + lanes[2] + lanes[3];
    sum_ += block_sums_[block];
  }
}

int Urn::draw(double uniform) const {
  if (best_ < 0) return -1;
  const double goal = uniform * sum_;
  double passed = 0;
  size_t block = 0;
  while (block < block_sums_.size() && passed + block_sums_[block] <= goal)
    passed += block_sums_[block++];
  if (block == block_sums_.size()) return best_;  // rounding left the goal beyond the last weight
  int drawn = best_;
  for (size_t i = 0; i < kBlock; ++i) {
    const float weight = weights_[block * kBlock + i];
    if (weight == 0) continue;
    // Should the block end before, the last of it.
    drawn = static_cast<int>(block * kBlock + i);
    passed += weight;
    if (passed > goal) break;
  }
  return drawn;
}

}  // namespace npu
