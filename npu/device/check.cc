// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/check.h"

namespace npu {

Result<void> check_list(const OpList&) {
  return {};
}

Result<void> check_limits(const ContextLimits& limits) {
  if (limits.max_rows < 1 || limits.self_slots < 1 || limits.cross_slots < 1 ||
      limits.self_positions < 1 || limits.cross_positions < 1)
    return Error{ErrorCode::kInvalidArgument, "context limits must be positive"};
  return {};
}

Result<void> check_replay(const OpList&, const ContextLimits& limits, const Replay& replay,
                          std::span<const int>) {
  if (replay.rows.size() > static_cast<size_t>(limits.max_rows))
    return Error{ErrorCode::kInvalidArgument, text("row table: expected at most ", limits.max_rows,
                                                   " rows, found ", replay.rows.size())};
  return {};
}

Result<void> check_buffer(bool exists, std::string_view name, size_t rows, size_t cols,
                          size_t size) {
  if (!exists) return Error{ErrorCode::kInvalidArgument, text("there is no buffer '", name, "'")};
  if (size != rows * cols)
    return Error{ErrorCode::kInvalidArgument, text("buffer '", name, "': expected ", rows, " x ",
                                                   cols, " floats, found ", size)};
  return {};
}

size_t alignment_heads_of(const OpList& list) {
  size_t heads = 0;
  for (const Op& op : list.ops)
    if (const auto* scores = std::get_if<AlignmentScores>(&op)) heads += scores->chosen.size();
  return heads;
}

}  // namespace npu
