// SPDX-License-Identifier: LGPL-2.1-or-later
// What fits on a line.
#pragma once

#include <algorithm>
#include <cstdint>

#include "captions/cue_shaper.h"
#include "captions/text_extent.h"

namespace npu::captions {

// Room in units of which a line has limit(): a narrow column takes the max_line_chars-th part of a
// line, a wide character the max_line_wide_chars-th, or twice a narrow column if that is more. So
// no line is ever wider than max_line_chars columns.
class LineRoom {
 public:
  explicit LineRoom(const CueShape& shape)
      : narrow_(std::clamp(shape.max_line_wide_chars, 1U, std::max(1U, shape.max_line_chars / 2))),
        wide_(shape.max_line_chars) {}

  int64_t limit() const { return int64_t{narrow_} * wide_; }
  int64_t space() const { return narrow_; }
  int64_t of(const TextExtent& extent) const {
    return int64_t{narrow_} * extent.narrow + int64_t{wide_} * extent.wide;
  }

 private:
  unsigned narrow_;
  unsigned wide_;
};

}  // namespace npu::captions
