// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue_cost.h"

#include <algorithm>
#include <array>

#include "captions/cue_timing.h"

namespace npu::captions {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

constexpr int64_t kCue = 30;  // so that there are not more than needed
// Ugliness of a cue's end by BreakQuality.
constexpr std::array<int64_t, kBreakQualities> kCueEnd = {0, 12, 60, 70, 90, 140, 170, 400};
constexpr int64_t kSentenceInside = 40;  // a sentence a cue where possible
constexpr int64_t kSentenceTorn = 40;    // more if the cue also ends inside a sentence
constexpr int64_t kPauseInside_ns = 400 * kMillisecond;
constexpr int64_t kPauseSecond = 80;  // per second of a longer pause inside a cue
constexpr int64_t kGlimpse_ns = 1'200 * kMillisecond;
constexpr int64_t kGlimpseSecond = 60;  // per second that a cue is shown for less
constexpr int64_t kShortText_columns = 12;
constexpr int64_t kMissingColumn = 2;
constexpr int64_t kHurry = 400;  // most for a text that is hard to read in time

// A pause makes any place between words a better one.
int64_t end_points(const Piece& next, int64_t pause_ns) {
  const int64_t points = kCueEnd[static_cast<size_t>(next.before)];
  if (next.before == BreakQuality::kInside) return points;
  if (pause_ns >= 1000 * kMillisecond) return points / 4;
  if (pause_ns >= 500 * kMillisecond) return points / 2;
  if (pause_ns >= 250 * kMillisecond) return points * 3 / 4;
  return points;
}

int64_t inner_points(std::span<const Piece> pieces, bool ends_inside) {
  int64_t points = 0;
  for (size_t index = 1; index < pieces.size(); ++index) {
    if (pieces[index].before == BreakQuality::kSentence) {
      points += kSentenceInside + (ends_inside ? kSentenceTorn : 0);
    }
    const int64_t pause_ns = pieces[index].start_ns - pieces[index - 1].end_ns - kPauseInside_ns;
    if (pause_ns > 0) points += pause_ns / kMillisecond * kPauseSecond / 1000;
  }
  return points;
}

// Grows with the square of what a comfortable speed, 85 % of the greatest, is exceeded by.
int64_t hurry_points(const CueShape& shape, unsigned columns, int64_t shown_ns) {
  if (shape.max_chars_per_s <= 0) return 0;
  const double speed = columns * 1e9 / static_cast<double>(std::max<int64_t>(shown_ns, 1));
  const double over = speed / shape.max_chars_per_s - 0.85;
  if (over <= 0) return 0;
  return static_cast<int64_t>(std::min(over * over * 400, static_cast<double>(kHurry)));
}

}  // namespace

CueCost& CueCost::operator+=(const CueCost& other) {
  crowded += other.crowded;
  brief += other.brief;
  lingering += other.lingering;
  fast += other.fast;
  ugliness += other.ugliness;
  return *this;
}

unsigned cue_columns(std::span<const Piece> pieces) {
  unsigned columns = 0;
  for (size_t index = 0; index < pieces.size(); ++index) {
    columns += pieces[index].extent.columns();
    if (index > 0 && pieces[index].space_before) ++columns;
  }
  return columns;
}

bool CuePricer::lasts_too_long(std::span<const Piece> pieces) const {
  const int64_t spoken_ns = pieces.back().end_ns - pieces.front().start_ns;
  return spoken_ns - shape_.min_gap_ns > shape_.max_duration_ns;
}

bool CuePricer::fits(std::span<const Piece> pieces) const {
  return !lasts_too_long(pieces) && breaker_.fits(pieces);
}

std::optional<CueCost> CuePricer::price(std::span<const Piece> pieces, const Piece* next) const {
  if (lasts_too_long(pieces)) return std::nullopt;
  const std::optional<LineLayout> layout = breaker_.lay_out(pieces);
  if (!layout) return std::nullopt;

  CueCost cost;
  const CueSpeech speech{pieces.front().start_ns, pieces.back().end_ns, cue_columns(pieces)};
  std::optional<int64_t> next_start_ns;
  if (next != nullptr) {
    const int64_t earliest = speech.start_ns + kShortestCue_ns + shape_.min_gap_ns;
    cost.crowded = next->start_ns < earliest ? 1 : 0;
    next_start_ns = std::max(next->start_ns, earliest);
  }
  const int64_t end_ns = cue_end_ns(shape_, speech, next_start_ns);
  const BrokenRules broken = broken_rules(shape_, speech, end_ns, next_start_ns);
  cost.brief = broken.brief ? 1 : 0;
  cost.lingering = broken.lingering ? 1 : 0;
  cost.fast = broken.fast ? 1 : 0;
  cost.ugliness =
      layout->ugliness + ugliness(pieces, next, end_ns - speech.start_ns, speech.columns);
  return cost;
}

int64_t CuePricer::ugliness(std::span<const Piece> pieces, const Piece* next, int64_t shown_ns,
                            unsigned columns) const {
  const bool ends_inside = next != nullptr && next->before != BreakQuality::kSentence;
  int64_t points =
      kCue + inner_points(pieces, ends_inside) + hurry_points(shape_, columns, shown_ns);
  if (next != nullptr) points += end_points(*next, next->start_ns - pieces.back().end_ns);
  if (shown_ns < kGlimpse_ns) {
    points += (kGlimpse_ns - shown_ns) / kMillisecond * kGlimpseSecond / 1000;
  }
  if (columns < kShortText_columns) points += (kShortText_columns - columns) * kMissingColumn;
  return points;
}

CueCost CuePricer::guess(std::span<const Piece> pieces) const {
  int64_t used = 0;
  for (const Piece& piece : pieces) used += room_.of(piece.extent) + room_.space();
  CueCost cost;
  cost.ugliness = kCue * used / (room_.limit() * shape_.max_lines) + inner_points(pieces, false);
  return cost;
}

}  // namespace npu::captions
