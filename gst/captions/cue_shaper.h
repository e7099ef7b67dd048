// SPDX-License-Identifier: LGPL-2.1-or-later
// Words with times to cues that a viewer can read. Knows no GStreamer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "captions/caption.h"

namespace npu::captions {

// What a cue may look like. The defaults are the conventions of the field: Netflix's timed text
// guides (42 characters, two lines, 5/6 s to 7 s, two frames at 24/s between cues, gaps under half
// a second closed).
struct CueShape {
  unsigned max_line_chars = 42;  // columns of a line: narrow characters count 1, wide ones 2
  unsigned max_lines = 2;
  int64_t min_duration_ns = 833'000'000;
  int64_t max_duration_ns = 7'000'000'000;
  double max_chars_per_s = 20;                // reading speed; 0 = any
  int64_t linger_ns = 500'000'000;            // how long a cue may stay after its last word
  int64_t min_gap_ns = 83'000'000;            // between the end of a cue and the start of the next
  int64_t chain_gap_ns = 500'000'000;         // shorter gaps are closed to min_gap_ns
  int64_t sentence_pause_ns = 2'000'000'000;  // sentences are not joined across a longer pause
};

// A cue as it is shown: one to max_lines lines, and the words in it.
struct Cue {
  int64_t start_ns;
  int64_t end_ns;
  std::vector<std::string> lines;  // UTF-8, not empty, cleaned as clean_text() does
  std::vector<CaptionWord> words;  // as they were pushed, in order

  std::string text() const;  // the lines with LF between them
};

// Shapes a stream of words as it comes. A cue is given out as soon as no later word can change it.
//
// Hard rules: every word is in exactly one cue, in order; cues do not overlap; no line is wider and
// no cue has more lines than allowed (only a single word that is wider than a line breaks inside,
// between grapheme clusters); no cue lasts longer than max_duration_ns; at least min_gap_ns lies
// between two cues (a cue may end up to min_gap_ns before its last word does); no cue starts before
// its first word. Soft rules, the first first: min_duration_ns, linger_ns, max_chars_per_s.
// Breaks lie where an editor would break. One thread at a time.
class CueShaper {
 public:
  explicit CueShaper(const CueShape& shape);
  ~CueShaper();
  CueShaper(CueShaper&&) noexcept;
  CueShaper& operator=(CueShaper&&) noexcept;

  // Language of the words that follow ("en", "ja"; empty: unknown): decides about spaces between
  // words and the table of words before which lines break.
  void set_language(const std::string& code);

  // Words in order of start; texts as Whisper gives them (a leading space begins a new word where
  // the script has spaces). Times that go back or overlap are clamped. Returns the cues that are
  // decided now, in order.
  std::vector<Cue> push(std::span<const CaptionWord> words);

  // No later word begins before `until_ns`. Returns the cues that are decided by that.
  std::vector<Cue> silent_until(int64_t until_ns);

  // No word follows: everything that is left. The shaper can be used again for another stream.
  std::vector<Cue> finish();

  // Forgets words that are not out yet, as after a flush.
  void reset();

  // No later cue begins before this time, given what silent_until() was told.
  int64_t decided_ns() const;

 private:
  class Shaping;
  std::unique_ptr<Shaping> shaping_;
};

}  // namespace npu::captions
