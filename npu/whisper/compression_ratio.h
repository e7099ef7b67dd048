// SPDX-License-Identifier: LGPL-2.1-or-later
// How repetitive a text is.
#pragma once

#include <string_view>

namespace npu {

// Bytes of `text` / bytes of its zlib stream at level 6, header and checksum included; 0 for empty
// text. Source: openai/whisper:whisper/utils.py, compression_ratio().
float compression_ratio(std::string_view text);

}  // namespace npu
