// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/unicode_text.h"

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <memory>

namespace npu::captions {
namespace {

constexpr UChar32 kEllipsis = 0x2026;

int32_t last_begin(std::string_view text) {
  auto at = static_cast<int32_t>(text.size());
  U8_BACK_1(reinterpret_cast<const uint8_t*>(text.data()), 0, at);
  return at;
}

}  // namespace

UChar32 first_character(std::string_view text) {
  if (text.empty()) return 0;
  UChar32 character;
  int32_t at = 0;
  U8_NEXT_OR_FFFD(text.data(), at, static_cast<int32_t>(text.size()), character);
  return character;
}

UChar32 last_character(std::string_view text) {
  if (text.empty()) return 0;
  return first_character(text.substr(static_cast<size_t>(last_begin(text))));
}

std::string_view without_last(std::string_view text) {
  return text.substr(0, static_cast<size_t>(last_begin(text)));
}

std::string lower_case(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto close = [](UCaseMap* map) { ucasemap_close(map); };
  static const std::unique_ptr<UCaseMap, decltype(close)> map(ucasemap_open("", 0, &status), close);
  std::string lower(text.size() * 2 + 8, '\0');
  status = U_ZERO_ERROR;
  const int32_t length =
      ucasemap_utf8ToLower(map.get(), lower.data(), static_cast<int32_t>(lower.size()), text.data(),
                           static_cast<int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return std::string(text);
  lower.resize(static_cast<size_t>(length));
  return lower;
}

bool is_letter_or_digit(UChar32 character) {
  return u_isalnum(character) != 0;
}

bool is_dense_script(UChar32 character) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(character, &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return true;
    default:
      break;
  }
  // Marks that both kana use, the long vowel among them.
  return uscript_hasScript(character, USCRIPT_KATAKANA) != 0;
}

bool is_closing(UChar32 character) {
  const int8_t type = u_charType(character);
  return type == U_END_PUNCTUATION || type == U_FINAL_PUNCTUATION ||
         u_hasBinaryProperty(character, UCHAR_QUOTATION_MARK) != 0;
}

bool is_opening(UChar32 character) {
  const int8_t type = u_charType(character);
  const bool inverted = character == 0xA1 || character == 0xBF;  // Spanish
  return inverted || type == U_START_PUNCTUATION || type == U_INITIAL_PUNCTUATION;
}

bool is_dash(UChar32 character) {
  return u_charType(character) == U_DASH_PUNCTUATION;
}

bool ends_sentence(UChar32 character) {
  return character == kEllipsis || u_hasBinaryProperty(character, UCHAR_S_TERM) != 0;
}

bool ends_clause(UChar32 character) {
  return u_hasBinaryProperty(character, UCHAR_TERMINAL_PUNCTUATION) != 0;
}

}  // namespace npu::captions
