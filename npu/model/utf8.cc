// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/utf8.h"

#include <cstdint>

namespace npu {
namespace {

// What may follow a lead byte: number of bytes in all, and the range of the second one, which alone
// rules out overlong forms, surrogates and values above U+10FFFF.
struct LeadByte {
  size_t bytes;  // 0: not a lead byte
  uint8_t second_min;
  uint8_t second_max;
};

LeadByte lead_byte(uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte < 0xf0) {
    return {3, static_cast<uint8_t>(byte == 0xe0 ? 0xa0 : 0x80),
            static_cast<uint8_t>(byte == 0xed ? 0x9f : 0xbf)};
  }
  if (byte < 0xf5) {
    return {4, static_cast<uint8_t>(byte == 0xf0 ? 0x90 : 0x80),
            static_cast<uint8_t>(byte == 0xf4 ? 0x8f : 0xbf)};
  }
  return {0, 0, 0};
}

}  // namespace

Utf8Step next_utf8(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const LeadByte lead = lead_byte(at(0));
  if (lead.bytes == 1) return {at(0), 1, true};
  if (lead.bytes == 0) return {kReplacement, 1, false};
  char32_t code_point = at(0) & (0x7fu >> lead.bytes);
  for (size_t i = 1; i < lead.bytes; ++i) {
    const uint8_t least = i == 1 ? lead.second_min : 0x80;
    const uint8_t most = i == 1 ? lead.second_max : 0xbf;
    if (i >= text.size() || at(i) < least || at(i) > most) return {kReplacement, i, false};
    code_point = code_point << 6 | (at(i) & 0x3fu);
  }
  return {code_point, lead.bytes, true};
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = next_utf8(text);
    if (step.valid) {
      out.append(text.substr(0, step.bytes));
    } else {
      out.append("\xef\xbf\xbd");
    }
    text.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace npu
