// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/dtw.h"

#include <cassert>
#include <cstdint>
#include <limits>

namespace npu {
namespace {

enum Move : uint8_t { kDiagonal, kDown, kRight };

// Cost of the cheapest path to one cell's predecessors, and the move that comes from the cheapest.
struct Best {
  double cost;
  Move move;
};

Best cheapest(double diagonal, double above, double left) {
  if (diagonal < above && diagonal < left) return {diagonal, kDiagonal};
  if (above < diagonal && above < left) return {above, kDown};
  return {left, kRight};
}

}  // namespace

std::vector<int> dtw_jumps(std::span<const float> cost, int rows, int columns) {
  if (rows <= 0 || columns <= 0) return {};
  const size_t width = static_cast<size_t>(columns);
  const size_t height = static_cast<size_t>(rows);
  assert(cost.size() == width * height);

  std::vector<Move> moves(height * width);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> above(width + 1, kInfinity);  // totals of the row before; [0]: outside
  std::vector<double> here(width + 1, kInfinity);
  above[0] = 0;
  for (size_t row = 0; row < height; ++row) {
    here[0] = kInfinity;
    for (size_t column = 0; column < width; ++column) {
      const Best best = cheapest(above[column], above[column + 1], here[column]);
      here[column + 1] = best.cost + static_cast<double>(cost[row * width + column]);
      moves[row * width + column] = best.move;
    }
    above.swap(here);
  }

  // Back from the last corner; the last column seen of a row is where the path enters it. Along the
  // top only leftwards, along the left edge only upwards: nothing else is inside the matrix.
  std::vector<int> jumps(height);
  size_t row = height - 1;
  size_t column = width - 1;
  while (true) {
    jumps[row] = static_cast<int>(column);
    if (row == 0 && column == 0) break;
    const Move move = row == 0 ? kRight : column == 0 ? kDown : moves[row * width + column];
    if (move != kRight) --row;
    if (move != kDown) --column;
  }
  return jumps;
}

}  // namespace npu
