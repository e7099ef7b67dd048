// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/line_layout.h"

#include <array>
#include <cstdlib>
#include <limits>

namespace npu::captions {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max() / 4;

// Ugliness of a line's end by BreakQuality.
constexpr std::array<int64_t, kBreakQualities> kLineEnd = {0, 3, 8, 10, 16, 55, 75, 150};
constexpr int64_t kUneven = 40;       // of a line that is twice as long as it should be
constexpr int64_t kFarTooShort = 40;  // more for a line below two thirds of the mean

int64_t unevenness(int64_t length, int64_t mean) {
  const int64_t off = std::abs(length - mean) * 1000 / mean;
  return kUneven * off * off / 1'000'000 + (length * 3 < mean * 2 ? kFarTooShort : 0);
}

}  // namespace

unsigned LineBreaker::lines_needed(std::span<const Piece> pieces) const {
  unsigned lines = 1;
  int64_t used = room_.of(pieces.front().extent);
  for (const Piece& piece : pieces.subspan(1)) {
    const int64_t text = room_.of(piece.extent);
    const int64_t more = text + (piece.space_before ? room_.space() : 0);
    if (used + more > room_.limit()) {
      ++lines;
      used = text;
    } else {
      used += more;
    }
  }
  return lines;
}

bool LineBreaker::fits(std::span<const Piece> pieces) const {
  return lines_needed(pieces) <= max_lines_;
}

std::optional<LineLayout> LineBreaker::lay_out(std::span<const Piece> pieces) const {
  const unsigned lines = lines_needed(pieces);
  if (lines > max_lines_) return std::nullopt;
  if (lines == 1) return LineLayout{0, {0}};
  const size_t count = pieces.size();
  std::vector<int64_t> behind(count + 1, 0);  // room up to each place, spaces included
  for (size_t index = 0; index < count; ++index) {
    const int64_t space = index > 0 && pieces[index].space_before ? room_.space() : 0;
    behind[index + 1] = behind[index] + space + room_.of(pieces[index].extent);
  }
  // One space is lost at each end of a line.
  const int64_t shown = behind[count] - int64_t{lines - 1} * room_.space();
  const int64_t mean = std::max<int64_t>(1, shown / lines);
  // least[end]: the best way to fill the lines so far with the pieces before `end`.
  std::vector<int64_t> least(count + 1, kNever);
  least[0] = 0;
  std::vector<std::vector<size_t>> from(lines, std::vector<size_t>(count + 1, 0));
  for (unsigned line = 0; line < lines; ++line) {
    std::vector<int64_t> next(count + 1, kNever);
    for (size_t end = count; end > line; --end) {
      if (line + 1 == lines && end < count) break;
      const int64_t end_cost =
          end < count ? kLineEnd[static_cast<size_t>(pieces[end].before)] : int64_t{0};
      for (size_t begin = end; begin-- > 0;) {
        const int64_t space = begin > 0 && pieces[begin].space_before ? room_.space() : 0;
        const int64_t length = behind[end] - behind[begin] - space;
        if (length > room_.limit()) break;
        if (least[begin] >= kNever) continue;
        const int64_t cost = least[begin] + end_cost + unevenness(length, mean);
        if (cost < next[end]) {
          next[end] = cost;
          from[line][end] = begin;
        }
      }
    }
    least = std::move(next);
  }
  LineLayout layout{least[count], std::vector<size_t>(lines, 0)};
  for (size_t end = count, line = lines; line-- > 0;) {
    end = from[line][end];
    layout.begins[line] = end;
  }
  return layout;
}

}  // namespace npu::captions
