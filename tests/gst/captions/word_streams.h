// SPDX-License-Identifier: LGPL-2.1-or-later
// Words to shape: spoken text, recorded ones, random ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "captions/caption.h"

namespace npu::captions {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecond = 1000 * kMs;

// Splits `text` before each space, as Whisper does, and speaks it from `start_ns` on, `each_ns` a
// word without pauses. A word "{500}" is a pause in ms.
std::vector<CaptionWord> spoken(std::string_view text, int64_t each_ns = 300 * kMs,
                                int64_t start_ns = 0);
// The same for scripts without spaces: each character is a word (punctuation goes with the one
// before it).
std::vector<CaptionWord> spoken_characters(std::string_view text, int64_t each_ns = 200 * kMs);

struct WordStream {
  std::string name;
  std::string language;
  std::vector<CaptionWord> words;
};

// The recorded words of the reference implementation: all of the corpus, or the few that the
// repository holds.
std::vector<WordStream> recorded_streams();

// A stream that nobody speaks: any length, speed, pauses, scripts, broken texts and times.
WordStream random_stream(uint64_t seed);
// The same, but as people speak: words one after the other, 60 to 900 ms, some pauses.
WordStream random_speech(uint64_t seed);

}  // namespace npu::captions
