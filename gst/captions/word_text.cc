// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/word_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "captions/caption_text.h"

namespace npu::captions {
namespace {

bool turns_direction(UChar32 character) {
  return (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

bool is_visible(UChar32 character) {
  if (u_isUWhiteSpace(character)) return false;
  if (u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return false;
  return u_charType(character) != U_FORMAT_CHAR;
}

}  // namespace

WordText visible_text(std::string_view raw) {
  // The marks keep white space at the ends from being trimmed before it is noted.
  const std::string line = single_line("|" + std::string(raw) + "|");
  const std::string_view inner = std::string_view(line).substr(1, line.size() - 2);
  WordText word;
  std::string spaces;
  bool visible = false;
  const auto length = static_cast<int32_t>(inner.size());
  for (int32_t at = 0; at < length;) {
    const int32_t begin = at;
    UChar32 character;
    U8_NEXT_OR_FFFD(inner.data(), at, length, character);
    const std::string_view bytes =
        inner.substr(static_cast<size_t>(begin), static_cast<size_t>(at - begin));
    if (turns_direction(character)) continue;
    if (u_isUWhiteSpace(character)) {
      spaces += bytes;
      continue;
    }
    visible = visible || is_visible(character);
    if (word.text.empty()) {
      word.space_before = !spaces.empty();
    } else {
      word.text += spaces;
    }
    spaces.clear();
    word.text += bytes;
  }
  word.space_after = !spaces.empty();
  if (!visible) word.text.clear();
  return word;
}

}  // namespace npu::captions
