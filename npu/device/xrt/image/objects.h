// SPDX-License-Identifier: LGPL-2.1-or-later
// The objects of an operation's streams, one by one: the definition of what its transfers must
// bring and where they must put what cores give. What writes instruction streams and what models
// the array is compared with it.
//
// C of a column, in this order. Each core of the column gives the object at the same time, core row
// r that of row tile 4 t + r; they are joined, core row 0 first.
//   product      for each of the column's tiles and each t: by the form of its output
//   layer norm   for each t and each column tile n with n % 4 = column: by the form
//   attention    for each of the column's heads and each t: by the form
//   combine      for each head: by the form
//   alignment    for each of the column's heads: an object for each two blocks of keys
//   kCandidates  one object, after the last tile
// Forms: kT64, kKeys, kValues one object; kFine two (high, low), kResidual two (rows 0-31, 32-63),
// kParts two (weighted, rows). The narrow forms and kCacheRows are pieces of 1,024 bytes (two of
// them, high and low; one of 2,048 for int16), those of kLogits 1,024 bytes for each four rows.
// They follow one another in an object until it is full, the next one finds no room, or the output
// ends: the next output begins with an object of its own. Of narrow operations only core row 0
// gives anything, what the other core rows give is of no meaning.
#pragma once

#include <functional>
#include <span>

#include "device/xrt/image/operation.h"

namespace npu::array {

// A piece of an object, in its order. What is to be thrown away has no place.
struct Piece {
  std::optional<BufferPlace> place;
  uint32_t bytes = 0;
};

// A row of a decode step: which of the run's self slots it appends to, and at which position.
struct AppendedRow {
  uint8_t slot = 0;
  int position = 0;
};

using VisitObject = std::function<void(std::span<const Piece>)>;

// Objects of 8,192 bytes.
void for_each_a(const Operation& operation, unsigned core_row, const VisitObject& visit);
void for_each_b(const Operation& operation, unsigned column, const VisitObject& visit);
// Objects of 4,096 bytes. `rows`: of the table, at most 16; of no meaning without kCacheRows.
void for_each_c(const Operation& operation, unsigned column, unsigned core_row,
                std::span<const AppendedRow> rows, const VisitObject& visit);

}  // namespace npu::array
