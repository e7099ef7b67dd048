// SPDX-License-Identifier: LGPL-2.1-or-later
// The argument checks that every device makes, so that all refuse the same things in the same
// words.
#pragma once

#include "device/device.h"

namespace npu {

// Values in range, shapes that fit each operation. Errors: kUnsupported, naming list, operation,
// expected and found.
Result<void> check_list(const OpList& list);

// Every limit positive and not absurd. Errors: kInvalidArgument.
Result<void> check_limits(const ContextLimits& limits);

// Rows, slots, positions, permutation, score requests and spans of a replay of `list` within
// `limits`. `histories` holds the number of positions in each self slot before the replay. Errors:
// kInvalidArgument.
Result<void> check_replay(const OpList& list, const ContextLimits& limits, const Replay& replay,
                          std::span<const int> histories);

// What write() and read() check. `rows` and `cols` are the buffer's, `size` the floats given.
// Errors: kInvalidArgument.
Result<void> check_buffer(bool exists, std::string_view name, size_t rows, size_t cols,
                          size_t size);

// The number of heads that the AlignmentScores of `list` hand out.
size_t alignment_heads_of(const OpList& list);

}  // namespace npu
