// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/line_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <string_view>

#include "captions/caption_text.h"
#include "captions/unicode_text.h"

namespace npu::captions {
namespace {

constexpr std::string_view kArrow = "\xE2\x86\x92";
constexpr std::string_view kRightToLeftMark = "\xE2\x80\x8F";

bool is_right_to_left(UCharDirection direction) {
  return direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
}

template <typename Visit>
void for_each_direction(std::string_view text, Visit&& visit) {
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t at = 0; at < length;) {
    UChar32 character;
    U8_NEXT_OR_FFFD(text.data(), at, length, character);
    visit(u_charDirection(character));
  }
}

// More letters from right to left than from left to right.
bool is_right_to_left(const std::vector<std::string>& lines) {
  int balance = 0;
  for (const std::string& line : lines) {
    for_each_direction(line, [&](UCharDirection direction) {
      balance += is_right_to_left(direction) ? 1 : direction == U_LEFT_TO_RIGHT ? -1 : 0;
    });
  }
  return balance > 0;
}

// The last character that takes room: marks above letters have no direction of their own.
UCharDirection last_direction(std::string_view line) {
  UCharDirection last = U_OTHER_NEUTRAL;
  for_each_direction(line, [&](UCharDirection direction) {
    if (direction != U_DIR_NON_SPACING_MARK && direction != U_BOUNDARY_NEUTRAL) last = direction;
  });
  return last;
}

UCharDirection first_strong_direction(std::string_view line) {
  UCharDirection first = U_OTHER_NEUTRAL;
  for_each_direction(line, [&](UCharDirection direction) {
    if (first != U_OTHER_NEUTRAL) return;
    if (direction == U_LEFT_TO_RIGHT || is_right_to_left(direction)) first = direction;
  });
  return first;
}

void mark(std::string& line) {
  const bool wrong_beginning = !is_right_to_left(first_strong_direction(line)) ||
                               u_charDirection(first_character(line)) == U_EUROPEAN_NUMBER;
  const bool wrong_end = !is_right_to_left(last_direction(line));
  if (wrong_beginning) line.insert(0, kRightToLeftMark);
  if (wrong_end) line += kRightToLeftMark;
}

}  // namespace

std::vector<std::string> line_texts(std::span<const Piece> pieces,
                                    const std::vector<size_t>& begins) {
  std::vector<std::string> lines(begins.size());
  for (size_t line = 0; line < begins.size(); ++line) {
    const size_t end = line + 1 < begins.size() ? begins[line + 1] : pieces.size();
    for (size_t index = begins[line]; index < end; ++index) {
      if (index > begins[line] && pieces[index].space_before) lines[line] += ' ';
      lines[line] += pieces[index].text;
    }
    lines[line] = replace_all(std::move(lines[line]), "-->", kArrow);
  }
  if (is_right_to_left(lines)) {
    for (std::string& line : lines) mark(line);
  }
  return lines;
}

}  // namespace npu::captions
