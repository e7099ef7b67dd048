// SPDX-License-Identifier: LGPL-2.1-or-later
// What the contexts of all precisions do to replay a list.
#pragma once

#include "device/check.h"
#include "device/cpu/cache.h"
#include "device/cpu/pool.h"

namespace npu::cpu {

// Errors: kInvalidArgument.
inline Result<const OpList*> list_at(std::span<const OpList> lists, size_t index) {
  if (index < lists.size()) return &lists[index];
  return Error{ErrorCode::kInvalidArgument,
               text("expected a list below ", lists.size(), ", found ", index)};
}

// Runs the steps of `list` one after the other, and lets others have the pool in between. If that
// is interrupted, the histories are what they were. Errors: kCancelled, kTimeout.
template <typename Replayer, typename Steps>
Result<void> replay_steps(Replayer& replayer, const Steps& steps, const OpList& list, Turn& turn,
                          Histories& histories) {
  for (const auto& step : steps) {
    if (replayer.run(step) && turn.share()) continue;
    histories.undo();
    return turn.check(list.name.c_str());
  }
  return {};
}

}  // namespace npu::cpu
