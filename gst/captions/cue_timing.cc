// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue_timing.h"

#include <algorithm>
#include <cmath>

namespace npu::captions {
namespace {

int64_t briefest_end_ns(const CueShape& shape, const CueSpeech& speech) {
  return speech.start_ns + std::max(shape.min_duration_ns, kShortestCue_ns);
}

}  // namespace

int64_t reading_ns(const CueShape& shape, unsigned columns) {
  if (shape.max_chars_per_s <= 0) return 0;
  const double ns = std::ceil(columns * 1e9 / shape.max_chars_per_s);
  return static_cast<int64_t>(std::min(ns, 1e17));
}

int64_t cue_end_ns(const CueShape& shape, const CueSpeech& speech,
                   std::optional<int64_t> next_start_ns) {
  const int64_t longest = speech.start_ns + shape.max_duration_ns;
  const int64_t lingered = speech.last_end_ns + shape.linger_ns;
  const int64_t briefest = briefest_end_ns(shape, speech);
  if (!next_start_ns) return std::min(longest, std::max(lingered, briefest));

  const int64_t next = *next_start_ns;
  const int64_t latest = std::min(longest, next - shape.min_gap_ns);
  const bool closes = next - speech.last_end_ns < shape.chain_gap_ns;
  if (closes || latest <= lingered) return latest;
  // The gap stays. It is made as long as gaps are, unless reading needs the time.
  const int64_t needed = speech.start_ns + reading_ns(shape, speech.columns);
  const int64_t parted = std::max(next - shape.chain_gap_ns, speech.last_end_ns);
  int64_t end = std::min(lingered, std::max(parted, needed));
  if (end < briefest) end = std::min(briefest, latest);
  if (end > lingered && next - end < shape.chain_gap_ns) end = latest;
  return end;
}

int64_t settled_ns(const CueShape& shape, const CueSpeech& speech) {
  const int64_t lingered = speech.last_end_ns + shape.linger_ns;
  const int64_t briefest = briefest_end_ns(shape, speech);
  return std::max(lingered, briefest) + std::max(shape.chain_gap_ns, shape.min_gap_ns) + 1;
}

BrokenRules broken_rules(const CueShape& shape, const CueSpeech& speech, int64_t end_ns,
                         std::optional<int64_t> next_start_ns) {
  const int64_t shown = end_ns - speech.start_ns;
  const bool closes = next_start_ns && *next_start_ns - speech.last_end_ns < shape.chain_gap_ns;
  return {shown<shape.min_duration_ns, end_ns> speech.last_end_ns + shape.linger_ns && !closes,
          shown < reading_ns(shape, speech.columns)};
}

}  // namespace npu::captions
