// SPDX-License-Identifier: LGPL-2.1-or-later
// UTF-8 that may be broken: one step, and repair as Python does it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace npu {

inline constexpr char32_t kReplacement = 0xfffd;

// One step through a text.
struct Utf8Step {
  char32_t code_point;  // kReplacement if !valid
  size_t bytes;         // consumed, at least 1; of a broken character its maximal broken part
  bool valid;
};

// The character at the start of `text`. A broken part is as long as the longest prefix of a valid
// character that it forms (The Unicode Standard, chapter 3.9, table 3-8), which is what Python's
// errors="replace" turns into one U+FFFD. Precondition: `text` is not empty.
Utf8Step next_utf8(std::string_view text);

// `text` with U+FFFD in place of each broken part.
std::string repair_utf8(std::string_view text);

}  // namespace npu
