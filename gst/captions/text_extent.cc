// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/text_extent.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace npu::captions {
namespace {

constexpr unsigned kMostColumns = 2;  // of one cluster
constexpr UChar32 kEmojiSelector = 0xFE0F;

bool is_wide(UChar32 character) {
  const int32_t width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH;
}

bool takes_no_room(UChar32 character) {
  const int32_t syllable = u_getIntPropertyValue(character, UCHAR_HANGUL_SYLLABLE_TYPE);
  if (syllable == U_HST_VOWEL_JAMO || syllable == U_HST_TRAILING_JAMO) return true;
  if (u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return true;
  return (U_GET_GC_MASK(character) & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK)) != 0;
}

TextExtent cluster_extent(std::string_view cluster) {
  unsigned narrow = 0;
  const auto length = static_cast<int32_t>(cluster.size());
  for (int32_t at = 0; at < length;) {
    UChar32 character;
    U8_NEXT_OR_FFFD(cluster.data(), at, length, character);
    if (character == kEmojiSelector || is_wide(character)) return {0, 1};
    if (!takes_no_room(character)) ++narrow;
  }
  return {std::min(narrow, kMostColumns), 0};
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

TextRuler::TextRuler() : graphemes_(BreakKind::kGrapheme, "") {}

TextExtent TextRuler::measure(std::string_view text) {
  if (is_plain_ascii(text)) return {static_cast<unsigned>(text.size()), 0};
  TextExtent extent;
  const std::vector<size_t> ends = clusters(text);
  for (size_t index = 1; index < ends.size(); ++index) {
    extent += cluster_extent(text.substr(ends[index - 1], ends[index] - ends[index - 1]));
  }
  return extent;
}

std::vector<size_t> TextRuler::clusters(std::string_view text) {
  graphemes_.set_text(text);
  return graphemes_.boundaries();
}

}  // namespace npu::captions
