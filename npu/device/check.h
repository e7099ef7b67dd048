// SPDX-License-Identifier: LGPL-2.1-or-later
// The argument checks that every device makes, so that all refuse the same things in the same
// words. None of them allocates unless it fails.
#pragma once

#include "device/device.h"

namespace npu {

// Values and weights that exist and fit each operation; buffers, weights and cache layers that
// agree between the lists (buffers in their columns). Errors: kUnsupported, naming list, operation,
// expected and found.
Result<void> check_lists(std::span<const OpList> lists);

// Every limit positive and not absurd, and cross caches with room for what `lists` store in them.
// Errors: kInvalidArgument.
Result<void> check_limits(std::span<const OpList> lists, const ContextLimits& limits);

// Rows, slots, positions, permutation, score requests and spans of a replay of `list` within
// `limits`. `histories` holds the number of positions in each self slot before the replay. Errors:
// kInvalidArgument.
Result<void> check_replay(const OpList& list, const ContextLimits& limits, const Replay& replay,
                          std::span<const int> histories);

// What write() and read() check. `rows` and `cols` are the buffer's, `size` the floats given.
// Errors: kInvalidArgument.
Result<void> check_buffer(bool exists, std::string_view name, size_t rows, size_t cols,
                          size_t size);

}  // namespace npu
