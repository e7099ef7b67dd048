// SPDX-License-Identifier: LGPL-2.1-or-later
// Words to pieces that fit on a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "captions/cue_shaper.h"
#include "captions/line_room.h"
#include "captions/piece.h"
#include "captions/text_extent.h"
#include "captions/word_joiner.h"

namespace npu::captions {

// A word that fits on a line is one piece. A wider one is cut: where Unicode lets a line end if
// possible, else between grapheme clusters; each piece gets its share of the time. If a word needs
// more lines than a cue has, cues may begin in it. One thread at a time.
class PieceCutter {
 public:
  explicit PieceCutter(const CueShape& shape);
  std::vector<Piece> cut(JoinedWord word);

 private:
  std::vector<std::string> parts(std::string_view text);
  void add_clusters(std::string_view text, std::vector<std::string>& parts);

  LineRoom room_;
  unsigned max_lines_;
  TextRuler ruler_;
  TextBreaks lines_;
};

}  // namespace npu::captions
