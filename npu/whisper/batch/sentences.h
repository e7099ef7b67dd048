// SPDX-License-Identifier: LGPL-2.1-or-later
// Text without timestamps to segments.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "whisper/word_times.h"

namespace npu {

// Index behind the last word of each sentence, in order: after a word with a sentence mark, the
// quotes and brackets that close behind it included, once there are a few words. The last one is
// the number of words. None for no words. `words`: as merge_punctuations() leaves them.
std::vector<size_t> sentence_ends(std::span<const WordTiming> words);

}  // namespace npu
