// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a word's text is shown.
#pragma once

#include <string>
#include <string_view>

namespace npu::captions {

struct WordText {
  std::string text;           // one line without white space around it; empty: nothing is visible
  bool space_before = false;  // white space was there
  bool space_after = false;
};

// clean_text() on one line, white space cut off and noted, and without the controls that turn the
// writing direction of all that follows (U+202A..202E, U+2066..2069). Text of nothing but white
// space and invisible characters becomes empty.
WordText visible_text(std::string_view text);

}  // namespace npu::captions
