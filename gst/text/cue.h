// SPDX-License-Identifier: LGPL-2.1-or-later
// What the engine says and what is shown, in the time of the stream. Knows no GStreamer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "captions/caption.h"

namespace npu::gst {

// How sure the engine is of a text.
struct TextFacts {
  double avg_logprob = 0;     // natural logarithm, per token
  double no_speech_prob = 0;  // 0..1, of the window
  double temperature = 0;     // at which it was decoded
};

// A segment of the engine whose times are stream time, ns.
struct SpokenSegment {
  int64_t start_ns;
  int64_t end_ns;
  std::string text;                          // as the engine gave it
  std::vector<captions::CaptionWord> words;  // empty: no word times were computed
  TextFacts facts;
};

// What is shown at once. Stream time, ns.
struct TextCue {
  int64_t start_ns;
  int64_t end_ns;
  std::string text;  // as clean_cue_text() leaves it; one or several lines
  std::vector<captions::CaptionWord> words;
  TextFacts facts;
};

}  // namespace npu::gst
