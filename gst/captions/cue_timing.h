// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a cue stays.
#pragma once

#include <cstdint>
#include <optional>

#include "captions/cue_shaper.h"

namespace npu::captions {

// The shortest time that a cue is shown, if there is no room at all.
inline constexpr int64_t kShortestCue_ns = 100'000'000;

// What the times of a cue depend on.
struct CueSpeech {
  int64_t start_ns;     // of the cue
  int64_t last_end_ns;  // of its last word
  unsigned columns;     // of its text
};

// How long the text must stay for the reading speed, ns; 0 without one.
int64_t reading_ns(const CueShape& shape, unsigned columns);

// When a cue ends. Hard: max_duration_ns, and min_gap_ns before `next_start_ns`, the start of the
// next cue (nothing: none follows). Precondition: at least kShortestCue_ns remain then.
// It lingers as long as allowed; gaps that would be shorter than chain_gap_ns are closed; a gap of
// that length is made if nothing else suffers; and min_duration_ns comes before lingering.
int64_t cue_end_ns(const CueShape& shape, const CueSpeech& speech,
                   std::optional<int64_t> next_start_ns);

// If the next cue begins at this time or later, cue_end_ns() does not depend on it.
int64_t settled_ns(const CueShape& shape, const CueSpeech& speech);

// The soft rules that a cue breaks.
struct BrokenRules {
  bool brief;      // shown for less than min_duration_ns
  bool lingering;  // stays too long after its last word, and not to close a gap
  bool fast;       // more columns a second than max_chars_per_s
};
BrokenRules broken_rules(const CueShape& shape, const CueSpeech& speech, int64_t end_ns,
                         std::optional<int64_t> next_start_ns);

}  // namespace npu::captions
