// SPDX-License-Identifier: LGPL-2.1-or-later
// What score.h asks for, from a whole row of logits, in the plainest way.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "device/score.h"

namespace npu::testing {

// log(sum(exp(x))), -inf for none.
inline float log_sum_exp(const std::vector<Candidate>& group) {
  double max = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const Candidate& x : group) max = std::max(max, double{x.logit});
  for (const Candidate& x : group) sum += std::exp(x.logit - max);
  return group.empty() ? -std::numeric_limits<float>::infinity()
                       : static_cast<float>(max + std::log(sum));
}

inline void answer(const std::vector<float>& logits, const ScoreRequest& request,
                   ScoreResult& result) {
  std::vector<Candidate> all;
  for (size_t id = 0; id < logits.size(); ++id) all.push_back({static_cast<int>(id), logits[id]});
  for (size_t group = 0; group < kScoreGroups; ++group) {
    std::vector<Candidate> kept;
    for (const Candidate& x : all)
      if (x.id >= request.ranges[group].begin && x.id < request.ranges[group].end &&
          !(request.mask && request.mask->contains(x.id)))
        kept.push_back(x);
    result.groups[group].log_sum_exp = log_sum_exp(kept);
    std::stable_sort(kept.begin(), kept.end(),
                     [](const Candidate& a, const Candidate& b) { return a.logit > b.logit; });
    kept.resize(std::min(kept.size(), static_cast<size_t>(request.top_k)));
    result.groups[group].top = kept;
  }
  result.named.clear();
  for (const int id : request.named) result.named.push_back(logits[static_cast<size_t>(id)]);
  result.raw_log_sum_exp = request.raw_log_sum_exp ? log_sum_exp(all) : 0;
  result.full_row = request.full_row ? logits : std::vector<float>();
}

}  // namespace npu::testing
