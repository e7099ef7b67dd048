// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/strip.h"

#include <array>

namespace npu {
namespace {

// The UTF-8 of every code point for which Python's str.isspace() holds.
constexpr std::array<std::string_view, 29> kSpaces = {" ",
                                                      "\t",
                                                      "\n",
                                                      "\v",
                                                      "\f",
                                                      "\r",
                                                      "\x1c",
                                                      "\x1d",
                                                      "\x1e",
                                                      "\x1f",
                                                      "\xc2\x85",
                                                      "\xc2\xa0",
                                                      "\xe1\x9a\x80",
                                                      "\xe2\x80\x80",
                                                      "\xe2\x80\x81",
                                                      "\xe2\x80\x82",
                                                      "\xe2\x80\x83",
                                                      "\xe2\x80\x84",
                                                      "\xe2\x80\x85",
                                                      "\xe2\x80\x86",
                                                      "\xe2\x80\x87",
                                                      "\xe2\x80\x88",
                                                      "\xe2\x80\x89",
                                                      "\xe2\x80\x8a",
                                                      "\xe2\x80\xa8",
                                                      "\xe2\x80\xa9",
                                                      "\xe2\x80\xaf",
                                                      "\xe2\x81\x9f",
                                                      "\xe3\x80\x80"};

size_t leading_space(std::string_view text) {
  for (const auto space : kSpaces)
    if (text.starts_with(space)) return space.size();
  return 0;
}

size_t trailing_space(std::string_view text) {
  for (const auto space : kSpaces)
    if (text.ends_with(space)) return space.size();
  return 0;
}

}  // namespace

std::string_view strip(std::string_view text) {
  while (const size_t bytes = leading_space(text)) text.remove_prefix(bytes);
  while (const size_t bytes = trailing_space(text)) text.remove_suffix(bytes);
  return text;
}

}  // namespace npu
