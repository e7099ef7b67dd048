// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/compression_ratio.h"

#include <zlib.h>

#include <vector>

namespace npu {

float compression_ratio(std::string_view text) {
  std::vector<Bytef> stream(compressBound(static_cast<uLong>(text.size())));
  uLongf size = static_cast<uLongf>(stream.size());
  // Cannot fail: the buffer is as large as compressBound() says. Level 6 is zlib's default.
  compress2(stream.data(), &size, reinterpret_cast<const Bytef*>(text.data()),
            static_cast<uLong>(text.size()), 6);
  return static_cast<float>(static_cast<double>(text.size()) / static_cast<double>(size));
}

}  // namespace npu
