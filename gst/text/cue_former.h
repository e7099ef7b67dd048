// SPDX-License-Identifier: LGPL-2.1-or-later
// What becomes one buffer: a cue for the viewer, a segment of the engine, or a word. Knows no
// GStreamer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "captions/cue_shaper.h"
#include "text/cue.h"

namespace npu::gst {

enum class OutputMode { kCues, kSegments, kWords };

// Turns segments into cues, in order. One thread at a time. Cues with nothing to show are left out;
// a cue may begin before the one before it ends, if the engine's segments do.
class CueFormer {
 public:
  // `shape` is for kCues.
  static std::unique_ptr<CueFormer> create(OutputMode mode, const captions::CueShape& shape);
  virtual ~CueFormer() = default;

  // Language of what follows: a code, or empty. Precondition: nothing is left, see finish().
  virtual void set_language(const std::string& code) = 0;
  // Each returns the cues that are decided now.
  virtual std::vector<TextCue> push(const SpokenSegment& segment) = 0;
  // No later segment begins before `until_ns`.
  virtual std::vector<TextCue> silent_until(int64_t until_ns) = 0;
  // Everything that is left. What follows may begin at any time.
  virtual std::vector<TextCue> finish() = 0;
  // Forgets what is left.
  virtual void reset() = 0;
  // No later cue begins before this time, after silent_until(until_ns); at most `until_ns`.
  virtual int64_t decided_ns(int64_t until_ns) const = 0;
};

// The words of a segment, those without anything to show left out. Without word times the text is
// divided at its spaces, and around the characters of scripts that write none (Chinese, Japanese,
// Thai and others), and each part has its share of the time by its number of characters.
std::vector<captions::CaptionWord> words_of(const SpokenSegment& segment);

}  // namespace npu::gst
