// SPDX-License-Identifier: LGPL-2.1-or-later
// White space and membership as Python strings have them, on UTF-8.
#pragma once

#include <string_view>

namespace npu {

// `text` without leading and trailing Unicode white space (Python's str.strip()). A view of `text`.
std::string_view strip(std::string_view text);

// Python's `part in whole`: a substring test, true for an empty part.
inline bool contains(std::string_view whole, std::string_view part) {
  return whole.find(part) != std::string_view::npos;
}

}  // namespace npu
