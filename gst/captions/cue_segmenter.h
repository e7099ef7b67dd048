// SPDX-License-Identifier: LGPL-2.1-or-later
// Which words make up a cue.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "captions/cue_cost.h"
#include "captions/cue_shaper.h"
#include "captions/piece.h"

namespace npu::captions {

// The pieces of a cue and when the next one would begin (nothing: not known yet).
struct PlannedCue {
  std::vector<Piece> pieces;
  std::optional<int64_t> next_start_ns;
};

// Divides a stream of pieces into cues of the least cost. All divisions of the pieces that are not
// decided yet are compared (dynamic programming over the ends of cues, as Viterbi's algorithm); a
// cue is decided as soon as the best divisions for every possible continuation agree about it, or
// when it has waited for horizon_ns. One thread at a time.
class CueSegmenter {
 public:
  explicit CueSegmenter(const CueShape& shape);

  // The next piece of the stretch of speech; moves what is decided by it to `decided`.
  void add(Piece piece, std::vector<PlannedCue>& decided);
  // No piece follows in this stretch: all of it is decided.
  void end_stretch(std::vector<PlannedCue>& decided);

  void clear();
  // The earliest piece that is not decided, null if there is none.
  const Piece* first() const { return pieces_.empty() ? nullptr : &pieces_.front(); }

 private:
  // The best division of the pieces before a place. A place is known by the piece behind it.
  struct Division {
    bool possible = false;
    CueCost cost = {};
    size_t last_begin = 0;  // where its last cue begins
    size_t first_end = 0;   // where its first cue ends
  };

  std::span<const Piece> pieces(size_t begin, size_t end) const {
    return std::span(pieces_).subspan(begin, end - begin);
  }
  Division best_division(size_t end, const Piece* next) const;
  // The end of the first cue if all divisions that may be continued agree; 0 if they do not.
  size_t agreed_end() const;
  size_t forced_end() const;
  bool waits_too_long() const;
  void give_out(size_t end, std::vector<PlannedCue>& decided);
  void divide_again();

  CuePricer pricer_;
  int64_t horizon_ns_;
  std::vector<Piece> pieces_;        // not decided yet
  std::vector<Division> divisions_;  // of the pieces before each piece; one per piece
};

}  // namespace npu::captions
