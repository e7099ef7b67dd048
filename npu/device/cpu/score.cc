// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/score.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "device/cpu/kernels.h"

namespace npu::cpu {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

template <typename Keep>
float log_sum_exp(const float* logits, int begin, int end, const Keep& keep) {
  float max = kNone;
  for (int id = begin; id < end; ++id)
    if (keep(id)) max = std::max(max, logits[id]);
  if (max == kNone) return kNone;
  double sum = 0;
  for (int id = begin; id < end; ++id)
    if (keep(id)) sum += std::exp(logits[id] - max);
  return static_cast<float>(max + std::log(sum));
}

void reduce_group(const float* logits, const ScoreRequest& request, IdRange range,
                  GroupScore& group) {
  const auto keep = [&](int id) { return !request.mask || !request.mask->contains(id); };
  group.log_sum_exp = log_sum_exp(logits, range.begin, range.end, keep);
  group.top.clear();
  const auto most = static_cast<size_t>(request.top_k);
  for (int id = range.begin; id < range.end && most > 0; ++id) {
    if (!keep(id)) continue;
    if (group.top.size() == most && logits[id] <= group.top.back().logit) continue;
    if (group.top.size() == most) group.top.pop_back();
    const auto place = std::find_if(group.top.begin(), group.top.end(),
                                    [&](const Candidate& c) { return c.logit < logits[id]; });
    group.top.insert(place, {id, logits[id]});
  }
}

}  // namespace

bool score_rows(const Matrix& in, const PackedMatrix& tokens,
                std::span<const ScoreRequest> requests, std::span<ScoreResult> results,
                Turn& turn) {
  for (size_t i = 0; i < requests.size(); ++i) {
    const ScoreRequest& request = requests[i];
    ScoreResult& result = results[i];
    std::vector<float> logits(tokens.panels() * kPanelCols);
    if (!turn.run(tokens.panels(), [&](size_t panel, size_t) {
          multiply_panel({in.row(static_cast<size_t>(request.row)), in.stride, 1,
                          tokens.panel(panel), kPanelCols, in.cols,
                          logits.data() + panel * kPanelCols, kPanelCols});
        }))
      return false;
    for (size_t group = 0; group < kScoreGroups; ++group)
      reduce_group(logits.data(), request, request.ranges[group], result.groups[group]);
    result.named.resize(request.named.size());
    for (size_t n = 0; n < request.named.size(); ++n)
      result.named[n] = logits[static_cast<size_t>(request.named[n])];
    if (request.raw_log_sum_exp)
      result.raw_log_sum_exp =
          log_sum_exp(logits.data(), 0, static_cast<int>(tokens.rows), [](int) { return true; });
    if (request.full_row)
      result.full_row.assign(logits.begin(), logits.begin() + static_cast<long>(tokens.rows));
    else
      result.full_row.clear();
  }
  return true;
}

}  // namespace npu::cpu
