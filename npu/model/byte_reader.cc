// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/byte_reader.h"

namespace npu {

std::string printable(std::string_view bytes) {
  constexpr size_t kLimit = 80;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char character : bytes) {
    if (out.size() >= kLimit) return out + "...";
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte < 0x7f) {
      out += character;
    } else {
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace npu
