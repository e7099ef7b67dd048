// SPDX-License-Identifier: LGPL-2.1-or-later
// Text that the decoder repeats without end.
#pragma once

#include <optional>
#include <span>

namespace npu {

// Where a loop begins to repeat itself that goes on to the end of `tokens`: the index of the first
// token of its second turn, so that what lies before it says everything once. A loop is at least
// three turns and twelve tokens of text; timestamps, which advance in it, do not count. Nothing if
// there is none.
std::optional<size_t> repeated_tail(std::span<const int> tokens, int timestamp_begin);

}  // namespace npu
