// SPDX-License-Identifier: LGPL-2.1-or-later
// Cleaning of cue text: decode, replace, trim, line by line.
#include "text/cue_text.h"

#include <cstddef>
#include <cstdint>

namespace npu::gst {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kArrow = "\xE2\x86\x92";
constexpr std::string_view kFileArrow = "-->";

// Length of the well-formed sequence at the beginning of `text`, 0 if there is none (Unicode
// table 3-7); its code point in `code`.
size_t sequence(std::string_view text, uint32_t& code) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    code = first;
    return 1;
  }
  size_t length = 0;
  uint32_t least = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, least = 0x80, code = first & 0x1FU;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, least = 0x800, code = first & 0x0FU;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, least = 0x10000, code = first & 0x07U;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < least || surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_space(uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
  return code == ' ' || control || code == 0x2028 || code == 0x2029;
}

}  // namespace

std::string clean_cue_text(std::string_view raw) {
  std::string out;
  char pending = 0;  // white space met since the last visible character; a line end wins
  while (!raw.empty()) {
    uint32_t code = 0;
    const size_t length = sequence(raw, code);
    if (length > 0 && (code == '\n' || code == '\r')) {
      pending = '\n';
      raw.remove_prefix(1);
      continue;
    }
    if (length > 0 && is_space(code)) {
      if (pending == 0) pending = ' ';
      raw.remove_prefix(length);
      continue;
    }
    if (length > 0 && code == 0xFEFF) {
      raw.remove_prefix(length);
      continue;
    }
    if (pending != 0 && !out.empty()) out += pending;
    pending = 0;
    if (raw.starts_with(kFileArrow)) {
      out += kArrow;
      raw.remove_prefix(kFileArrow.size());
    } else if (length > 0) {
      out += raw.substr(0, length);
      raw.remove_prefix(length);
    } else {
      out += kReplacement;
      raw.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace npu::gst
