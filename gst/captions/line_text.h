// SPDX-License-Identifier: LGPL-2.1-or-later
// The text of a cue's lines.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "captions/piece.h"

namespace npu::captions {

// Joins pieces to lines; `begins` holds the index of the first piece of each. Arrows that subtitle
// files take for a time line ("-->") become U+2192. In a cue of mostly right-to-left text each line
// that would be shown in the wrong order gets a mark (U+200F): at its beginning if its first letter
// is left-to-right or a digit (players take the direction from the first letter of a line), and at
// its end if it ends in punctuation or a digit (other players take left-to-right for granted).
std::vector<std::string> line_texts(std::span<const Piece> pieces,
                                    const std::vector<size_t>& begins);

}  // namespace npu::captions
