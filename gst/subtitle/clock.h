// SPDX-License-Identifier: LGPL-2.1-or-later
// Times as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace npu::subtitle {

// "1:02:03" or "2:03". Negative and huge values count as 0.
std::string clock_text(double seconds);

// "1:02:03.5", "2:03" or "123.5" in ns; minutes and seconds below 60 if something stands before
// them. Empty if it is none of these.
std::optional<int64_t> parse_clock(std::string_view text);

}  // namespace npu::subtitle
