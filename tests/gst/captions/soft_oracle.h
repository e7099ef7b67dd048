// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a soft rule had to be broken: found out by trying every division of the words around.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "captions/cue_shaper.h"
#include "word_streams.h"

namespace npu::captions {

struct SoftResult {
  // Of cues: that break minimum duration, linger, reading speed.
  std::array<int, 3> broken = {0, 0, 0};
  // The first cue that breaks a rule although a division of at most 12 words around it keeps it
  // (and breaks no more important rule more often); empty if there is none.
  std::string avoidable;
};

// Precondition: words with visible text, no wider than a line, starts and ends that never go back.
SoftResult judge_soft_rules(const CueShape& shape, const std::vector<CaptionWord>& words,
                            const std::vector<Cue>& cues);

// Whether a text ends a sentence or a clause.
bool ends_with_punctuation(const std::string& text);

// The cues (indexes) that end inside a sentence, between words without punctuation, although they
// could have ended at punctuation before: with the words behind it in the next cue, both would keep
// all rules, hard and soft. Precondition as above.
std::vector<size_t> ends_that_miss_punctuation(const CueShape& shape,
                                               const std::vector<CaptionWord>& words,
                                               const std::vector<Cue>& cues);

}  // namespace npu::captions
