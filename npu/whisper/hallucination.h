// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the next window begins once words have times, and which segments were made up in silence.
// Source: openai/whisper:whisper/transcribe.py, the word_timestamps block of transcribe().
#pragma once

#include <optional>
#include <vector>

#include "whisper/segment.h"

namespace npu {

// What is known of a window after its segments got words.
struct WindowFacts {
  int start;                                  // mel frame at which the window began
  int frames;                                 // mel frames of audio in it
  int next;                                   // where the timestamps alone say the next one begins
  int content_frames;                         // mel frames of the whole input
  bool single_ending;                         // its tokens ended with text and one timestamp
  std::optional<double> silence_threshold_s;  // of hallucinations; unset: keep everything
  double last_speech_s;                       // end of the last speech before it, seconds of input
};

struct WindowVerdict {
  int next;              // mel frame at which the next window begins
  bool dropped;          // the whole window counts for nothing: no segments, no context
  double last_speech_s;  // for the next window
};

// Whether the words of a segment look made up: improbable, too short or too long.
bool is_anomalous(const Segment& segment);

// Removes made-up segments from the end of `segments` (all, if the window is dropped) and decides
// where to go on. Call with word times only.
WindowVerdict judge_window(std::vector<Segment>& segments, const WindowFacts& facts);

}  // namespace npu
