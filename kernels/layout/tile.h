// SPDX-License-Identifier: LGPL-2.1-or-later
// Tiles and objects of the data streams, and what a core can hold. Shared by packer, twin and
// cores.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kernels {

inline constexpr unsigned kTile = 64;  // rows and columns of a tile

// Blocks of 4 x 8: of a left matrix and, since the product has the same form, of the result.
inline constexpr unsigned kBlockRows = 4;
inline constexpr unsigned kBlockColumns = 8;
inline constexpr unsigned kBlock = kBlockRows * kBlockColumns;

// T64: a tile is [16 row blocks][8 column blocks][4][8] elements, row major in all of them.
inline constexpr unsigned kTileElements = kTile * kTile;
constexpr size_t tile_index(unsigned row, unsigned column) {
  return (row / kBlockRows * (kTile / kBlockColumns) + column / kBlockColumns) * size_t{kBlock} +
         row % kBlockRows * kBlockColumns + column % kBlockColumns;
}

// An A object: two tiles, side by side in K. 64 x 128 int8.
inline constexpr unsigned kObjectK = 2 * kTile;
inline constexpr size_t kObjectBytes = 8192;
constexpr size_t a_object_index(unsigned row, unsigned k) {
  return k / kTile * size_t{kTileElements} + tile_index(row, k % kTile);
}
static_assert(a_object_index(63, 127) + 1 == kObjectBytes);

// A B object: 128 x 64 int8 in blocks [16 k][8 n][8 k][8 n].
constexpr size_t b_object_index(unsigned k, unsigned n) {
  return (k / 8 * 8 + n / 8) * size_t{64} + k % 8 * 8 + n % 8;
}
static_assert(b_object_index(127, 63) + 1 == kObjectBytes);

// A tile of the residual stream: T64 of int16, 8192 bytes; its first half holds rows 0 to 31.
static_assert(kTileElements * sizeof(int16_t) == kObjectBytes);

// What a core holds, in bytes. The overlay's buffers are declared from these.
struct CoreMemory {
  static constexpr size_t kData = 65536;
  static constexpr size_t kProgram = 16384;
  static constexpr size_t kInputs = 2 * (2 * kObjectBytes);  // A and B, depth 2
  static constexpr size_t kScratch = kTileElements * sizeof(int32_t);
  static constexpr size_t kOutput = kTileElements;  // C, depth 1
  static constexpr size_t kParameters = 2560;
  static constexpr size_t kTable = 4096;
  static constexpr size_t kStack = 0xD00;
  static constexpr size_t kTotal = kInputs + kScratch + kOutput + kParameters + kTable + kStack;
};
static_assert(CoreMemory::kTotal <= CoreMemory::kData);

}  // namespace kernels
