// SPDX-License-Identifier: LGPL-2.1-or-later
// The lines of one cue.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "captions/cue_shaper.h"
#include "captions/line_room.h"
#include "captions/piece.h"

namespace npu::captions {

struct LineLayout {
  int64_t ugliness;            // 0: one line, or lines that nobody could break better
  std::vector<size_t> begins;  // index of the first piece of each line; the first is 0
};

// Breaks the text of a cue into as few lines as hold it, and among those where it reads best:
// places of good quality, lines of similar length. Exact (dynamic programming over the places).
class LineBreaker {
 public:
  explicit LineBreaker(const CueShape& shape) : room_(shape), max_lines_(shape.max_lines) {}

  // Whether `pieces` (not empty) fit into the lines of a cue. If not, more pieces never do.
  bool fits(std::span<const Piece> pieces) const;
  // The best lines; nothing if the pieces do not fit.
  std::optional<LineLayout> lay_out(std::span<const Piece> pieces) const;

 private:
  unsigned lines_needed(std::span<const Piece> pieces) const;

  LineRoom room_;
  unsigned max_lines_;
};

}  // namespace npu::captions
