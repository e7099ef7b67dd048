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
  // Wide characters of a line (Chinese, Japanese, Korean, emoji), if that is less than half of
  // max_line_chars. A line of both is full when its shares of the two limits add up to one.
  unsigned max_line_wide_chars = 16;
  unsigned max_lines = 2;
  int64_t min_duration_ns = 833'000'000;
  int64_t max_duration_ns = 7'000'000'000;
  double max_chars_per_s = 20;                // reading speed in columns; 0 = any
  int64_t linger_ns = 500'000'000;            // how long a cue may stay after its last word
  int64_t min_gap_ns = 83'000'000;            // between the end of a cue and the start of the next
  int64_t chain_gap_ns = 500'000'000;         // shorter gaps are closed to min_gap_ns
  int64_t sentence_pause_ns = 2'000'000'000;  // no cue holds a longer pause
  int64_t cue_pause_ns = 1'000'000'000;       // a pause of this length after a sentence ends a cue
  int64_t horizon_ns = 15'000'000'000;  // a cue is decided when words this much later are known
};

// `shape` with every value that makes no sense (a line of no columns, a negative time, NaN)
// replaced by the nearest that does. CueShaper does it by itself.
CueShape usable(CueShape shape);

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
// its first word. Soft rules, the first first: min_duration_ns, linger_ns (a cue may also stay to
// close a gap shorter than chain_gap_ns), max_chars_per_s. They come before beauty: a rule is
// broken only if every division of the words around breaks it. Else breaks lie where an editor
// would break.
//
// For any input to have cues: a word without visible text is left out. A word longer than
// max_duration_ns counts as that long. A word wider than a whole cue goes on in cues that have no
// words. Where words come faster than cues can be shown (100 ms and the gap for each), cues begin
// later than their first word. docs/elements.md says why the rules are what they are.
// One thread at a time.
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
  // decided now, in order. How words are divided among calls changes nothing about the cues.
  std::vector<Cue> push(std::span<const CaptionWord> words);

  // No later word begins before `until_ns`. Returns the cues that are decided by that.
  std::vector<Cue> silent_until(int64_t until_ns);

  // No word follows: everything that is left. The shaper can be used again for another stream, in
  // the same language.
  std::vector<Cue> finish();

  // Forgets words that are not out yet, as after a flush.
  void reset();

  // No later cue begins before this time, given what silent_until() was told; the least int64_t if
  // nothing is known.
  int64_t decided_ns() const;

 private:
  class Shaping;
  std::unique_ptr<Shaping> shaping_;
};

}  // namespace npu::captions
