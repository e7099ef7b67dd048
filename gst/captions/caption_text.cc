// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/caption_text.h"

#include <array>
#include <cstdio>

namespace npu::captions {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

unsigned byte_at(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

// Length of the well-formed character at `at`, 0 if there is none (Unicode 15, table 3-7).
size_t character_length(std::string_view text, size_t at) {
  const unsigned lead = byte_at(text, at);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead == 0xE0) low = 0xA0;   // overlong
  if (lead == 0xED) high = 0x9F;  // surrogates
  if (lead == 0xF0) low = 0x90;   // overlong
  if (lead == 0xF4) high = 0x8F;  // beyond U+10FFFF
  for (size_t index = 1; index < length; ++index) {
    const unsigned next = byte_at(text, at + index);
    if (next < low || next > high) return 0;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

void trim_line_end(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
}

// C0, DEL, C1 (U+0080..U+009F), and the separators U+2028 and U+2029 that some readers take for
// line ends.
bool is_control(std::string_view character) {
  const unsigned lead = byte_at(character, 0);
  if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
  if (character.size() == 2) return lead == 0xC2 && byte_at(character, 1) < 0xA0;
  return character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9";
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = character_length(text, at);
    valid += length == 0 ? kReplacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return valid;
}

std::string clean_text(std::string_view text) {
  const std::string valid = valid_utf8(text);
  const std::string_view view = valid;
  std::string clean;
  clean.reserve(valid.size());
  for (size_t at = 0; at < view.size();) {
    const std::string_view character = view.substr(at, character_length(view, at));
    at += character.size();
    const bool at_line_start = clean.empty() || clean.back() == '\n';
    if (character == "\n" || character == "\r") {
      trim_line_end(clean);
      if (!clean.empty() && clean.back() != '\n') clean += '\n';
    } else if (character == " " || character == "\t") {
      if (!at_line_start) clean += ' ';
    } else if (!is_control(character) && character != kByteOrderMark) {
      clean += character;
    }
  }
  trim_line_end(clean);
  if (!clean.empty() && clean.back() == '\n') clean.pop_back();
  return clean;
}

std::string single_line(std::string_view text) {
  return replace_all(clean_text(text), "\n", " ");
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string clock_time(int64_t time_ms, char separator) {
  const auto value = static_cast<long long>(time_ms);
  std::array<char, 48> buffer;
  const int length =
      std::snprintf(buffer.data(), buffer.size(), "%02lld:%02lld:%02lld%c%03lld", value / 3'600'000,
                    value / 60'000 % 60, value / 1000 % 60, separator, value % 1000);
  return std::string(buffer.data(), static_cast<size_t>(length));
}

}  // namespace npu::captions
