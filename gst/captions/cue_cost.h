// SPDX-License-Identifier: LGPL-2.1-or-later
// What is wrong with a cue.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>

#include "captions/cue_shaper.h"
#include "captions/line_layout.h"
#include "captions/piece.h"

namespace npu::captions {

// Costs add up over cues and are compared member by member, the first first.
struct CueCost {
  int64_t crowded = 0;  // cues that leave no room for the next one, which must begin late
  int64_t brief = 0;    // cues that break each of the soft rules
  int64_t lingering = 0;
  int64_t fast = 0;
  int64_t ugliness = 0;  // everything else: 30 a cue, more for bad breaks

  auto operator<=>(const CueCost&) const = default;
  CueCost& operator+=(const CueCost& other);
};

// Prices cues.
class CuePricer {
 public:
  explicit CuePricer(const CueShape& shape) : shape_(shape), breaker_(shape), room_(shape) {}

  // Whether `pieces` (not empty) can be one cue: they fit into its lines and its longest time. If
  // not, more pieces never can.
  bool fits(std::span<const Piece> pieces) const;

  // The cost of `pieces` as a cue; nothing if they cannot be one. `next` is the piece that the next
  // cue begins with, null at the end of a stretch of speech.
  std::optional<CueCost> price(std::span<const Piece> pieces, const Piece* next) const;

  // A low guess of what `pieces`, the beginning of a cue, will cost.
  CueCost guess(std::span<const Piece> pieces) const;

 private:
  bool lasts_too_long(std::span<const Piece> pieces) const;
  int64_t ugliness(std::span<const Piece> pieces, const Piece* next, int64_t shown_ns,
                   unsigned columns) const;

  CueShape shape_;
  LineBreaker breaker_;
  LineRoom room_;
};

// Columns of the text of a cue, line ends not counted.
unsigned cue_columns(std::span<const Piece> pieces);

}  // namespace npu::captions
