// SPDX-License-Identifier: LGPL-2.1-or-later
// The tokens of a window to segments, and where the next window begins.
// Source: openai/whisper:whisper/transcribe.py, the middle of transcribe()'s loop.
#pragma once

#include <optional>
#include <vector>

#include "model/tokenizer.h"
#include "whisper/decoding.h"
#include "whisper/segment.h"

namespace npu {

struct SplitWindow {
  std::vector<Segment> segments;
  int next;            // mel frame
  bool single_ending;  // the tokens end with text and one timestamp: nothing is said after it
};

// `start`: mel frame at which the window begins; `frames`: how many of audio it has.
SplitWindow split_window(const Tokenizer& tokenizer, const DecodedWindow& decoded, int start,
                         int frames);

// What split_window() leaves out: text that the window's end cut off, as a segment from its first
// timestamp to the end of the window. Nothing if there is none.
std::optional<Segment> unfinished_segment(const Tokenizer& tokenizer, const DecodedWindow& decoded,
                                          int start, int frames);

// The tokens that split_window() leaves out: those behind the last pair of timestamps. None if the
// text ends there, or has no such pair.
std::vector<int> unfinished_tokens(const Tokenizer& tokenizer, const DecodedWindow& decoded);

// Ends the text at frame `end`: segments of which at least half lies behind it are left out, and
// none ends after it.
void cut_segments(std::vector<Segment>& segments, int end);

// Moves times before frame `start` or behind frame `end` there; text keeps 20 ms.
void confine_segments(std::vector<Segment>& segments, int start, int end);

// Takes text, tokens and words from segments without duration or without text. They keep their
// place.
void blank_empty_segments(std::vector<Segment>& segments);

}  // namespace npu
