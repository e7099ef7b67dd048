// SPDX-License-Identifier: LGPL-2.1-or-later
// Products of int8 for tests of the twin: packed objects, what must come out in plain integers, and
// the stream of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layout/descriptor.h"
#include "test_stream.h"

namespace npu::twin::testing {

inline constexpr unsigned kColumns = 4, kRows = 4;
inline constexpr uint32_t kTileWords = 1024, kObjectWords = 2048;

// Of a matrix in tiles of 64 x 64, tile after tile along a row of them, each in blocks of 4 x 8.
size_t tiled(size_t row, size_t column, size_t columns);

// A descriptor without anything but its operation.
kernels::Descriptor empty_descriptor(kernels::Op op, uint32_t rows, uint16_t tiles, uint16_t count);
void append(std::vector<int8_t>* to, const kernels::Descriptor& descriptor);

// [m x k] x [k x n], m, n multiples of 64, k of 128. Rows of C beyond m, up to 256 for each tile
// of a core, may hold anything.
struct Product {
  Product(unsigned m, unsigned k, unsigned n, uint32_t seed);

  unsigned rounds() const { return (m + 255) / 256; }
  unsigned tiles_of(unsigned column) const { return (n / 64 + kColumns - 1 - column) / kColumns; }

  unsigned m, k, n;
  // Of whole rounds of columns: B by N tiles, as they follow one another in a model.
  std::vector<int8_t> b_by_tile() const;

  std::vector<int8_t> a;          // tiled
  std::vector<int8_t> b;          // by column: its N tiles, or passes where the others have more
  std::vector<size_t> b_offsets;  // of columns, bytes
  std::vector<int8_t> wanted;     // tiled, m rows
};

struct Arguments {
  uint32_t a, b, c;
};
Arguments place(const Product& product, TestMemory* memory);

// Tasks of the product: descriptors of a shim from `first_bd`. Waits are left to the caller.
void write_tasks(const Product& product, const Arguments& at, TestStream* to,
                 unsigned first_bd = 0);
void write_waits(TestStream* to, unsigned columns = kColumns);

// "" or the first difference in the m rows.
std::string difference(const Product& product, const int8_t* c);

}  // namespace npu::twin::testing
