// SPDX-License-Identifier: LGPL-2.1-or-later
// What the array does, one operation after the other, as plain data: which descriptors and objects
// its streams consist of and where they lie. No streams of instructions: those are made from it.
//
// An operation has `tiles`: N tiles of a product, heads of an attention, columns of a layer norm.
// They are dealt to the columns of the array: tile n is that of column n % dealt, in round
// n / dealt. All row tiles are worked on in each round, core row r on 4 t + r for t < m_tiles.
//
// B of a column, for each of its tiles: the tile's descriptor; then m_tiles times, `planes` times
// each: its `count` objects, which lie one behind the other. A column with fewer tiles than column
// 0 gets the descriptor `pass` at the end, which takes what A brings for the others.
//
// A of a core row that has valid rows in row tile 4 t + r, for each round and t:
//   product       for each plane, tap and two column tiles of `in` an object; then, if there is a
//                 `residual`, an object for each of its column tiles 4 round .. 4 round + 3 that is
//                 there
//   layer norm    the `in_tiles` tiles of `in`, then once more
//   attention,    two column tiles of `in` an object, for heads 4 round .. 4 round + 3 that are
//   alignment     there
//   combine       the `in_tiles` parts of a head
// Rows: with `rows` <= 16 core row 0 alone has valid ones, else all of the 4 m_tiles row tiles are
// valid (rows are padded to 256).
//
// C: objects.h, which also has all three as loops.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/xrt/image/layout.h"
#include "layout/descriptor.h"

namespace npu::array {

// Where the results of some neighbouring tiles go.
struct Output {
  uint32_t first_tile = 0;  // of the operation
  uint32_t tile_count = 0;
  // Tile first_tile + i is column tile (or head) i of it; of kCandidates column i of the array.
  Tiles to;

  bool operator==(const Output&) const = default;
};

struct Operation {
  std::string name;  // of the parameters, for messages
  kernels::Op op = kernels::Op::kMatmul;
  uint32_t rows = 0;     // as in the descriptors
  uint32_t m_tiles = 0;  // row tiles of a core row
  uint32_t tiles = 0;
  uint32_t dealt = kArrayColumns;  // columns that tiles are dealt to

  // B: tile n has its descriptor at descriptors + n * descriptor_step, its objects at
  // objects + n * object_step.
  BufferPlace descriptors;
  uint64_t descriptor_step = 0;
  BufferPlace objects;
  uint64_t object_step = 0;
  uint32_t count = 0;   // objects; 0: there are none
  uint32_t planes = 1;  // times that they are read in each row tile
  std::optional<BufferPlace> pass;

  // A
  Tiles in;
  uint32_t in_tiles = 0;  // column tiles of `in`, of one tap
  uint32_t taps = 1;
  uint64_t tap_step = 0;
  std::optional<Tiles> residual;

  // C
  std::vector<Output> outputs;

  uint32_t rounds() const { return (tiles + dealt - 1) / dealt; }
  // Tiles of a column of the array.
  uint32_t tiles_of_column(unsigned column) const {
    return column >= dealt ? 0 : (tiles + dealt - 1 - column) / dealt;
  }
  bool operator==(const Operation&) const = default;
};

}  // namespace npu::array
