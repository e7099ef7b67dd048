// SPDX-License-Identifier: LGPL-2.1-or-later
// The hard rules of cues, checked with nothing of the shaper: widths are GLib's.
#pragma once

#include <string>
#include <vector>

#include "captions/cue_shaper.h"
#include "word_streams.h"

namespace npu::captions {

// Columns as GLib counts them, character by character.
unsigned glib_columns(const std::string& text);
// Whether a reader sees anything of it.
bool shows_something(const std::string& text);

// What is wrong with the cues of `words`, in words; empty if nothing is.
std::string broken_hard_rule(const CueShape& shape, const std::vector<CaptionWord>& words,
                             const std::vector<Cue>& cues);

// All words at once.
std::vector<Cue> shaped(const CueShape& shape, const WordStream& stream);

// Start, end and text of each cue, for comparisons and messages.
std::string listing(const std::vector<Cue>& cues);

}  // namespace npu::captions
