// SPDX-License-Identifier: LGPL-2.1-or-later
// Dynamic time warping of text against audio.
// Source: openai/whisper:whisper/timing.py, dtw_cpu(), backtrace().
#pragma once

#include <span>
#include <vector>

namespace npu {

// The cheapest monotonic path from the first to the last corner of `cost` ([rows][columns],
// row-major), told by its jumps: for each row, the column at which the path enters it. Empty if the
// matrix is. Among equal predecessors the one on the left wins, as in the reference.
std::vector<int> dtw_jumps(std::span<const float> cost, int rows, int columns);

}  // namespace npu
