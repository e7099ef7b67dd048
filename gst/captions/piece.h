// SPDX-License-Identifier: LGPL-2.1-or-later
// What lines are laid out from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "captions/break_quality.h"
#include "captions/caption.h"
#include "captions/text_extent.h"

namespace npu::captions {

// A word, or words that share a grapheme cluster, or a part of a word that is wider than a line.
struct Piece {
  std::string text;   // never empty, never wider than a line
  TextExtent extent;  // of the text
  std::string language;
  bool space_before = false;
  bool cue_may_begin = true;  // false: the word before it goes on and is in the same cue
  BreakQuality before = BreakQuality::kSentence;  // of the place before it
  int64_t start_ns = 0;  // settled: starts never decrease, no end lies behind the next
  int64_t end_ns = 0;    // start, none lasts longer than a cue may
  std::vector<CaptionWord> words = {};  // that begin here, as they were pushed
};

}  // namespace npu::captions
