// SPDX-License-Identifier: LGPL-2.1-or-later
// How much room text takes on a line of subtitles.
#pragma once

#include <string_view>

#include "captions/text_breaks.h"

namespace npu::captions {

// What a text takes: narrow characters one column (some Indic ones two), wide ones two.
struct TextExtent {
  unsigned narrow = 0;  // columns of narrow characters
  unsigned wide = 0;    // characters of two columns

  unsigned columns() const { return narrow + 2 * wide; }
  TextExtent& operator+=(const TextExtent& other) {
    narrow += other.narrow;
    wide += other.wide;
    return *this;
  }
  friend bool operator==(const TextExtent&, const TextExtent&) = default;
};

// Measures by grapheme clusters: one that holds a wide or full-width character (Unicode's East
// Asian Width) or is shown as an emoji is wide; another is as wide as the sum of its characters,
// two columns at most; combining marks and format characters take none. One thread at a time.
class TextRuler {
 public:
  TextRuler();
  TextExtent measure(std::string_view text);
  // The grapheme clusters of a text, as its boundaries.
  std::vector<size_t> clusters(std::string_view text);

 private:
  TextBreaks graphemes_;
};

}  // namespace npu::captions
