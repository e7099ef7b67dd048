// SPDX-License-Identifier: LGPL-2.1-or-later
// Where things lie in the NPU's buffer objects, and in which form. Offsets and steps are bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "layout/tile.h"

namespace npu::array {

inline constexpr unsigned kArrayColumns = 4;

// The buffer objects that an operation may name. A cache is one of a slot: where a list works on
// several slots at once, BufferPlace::slot tells them apart.
enum class Buffer : uint8_t {
  kWeights,      // the weights image: written once, then only read
  kActivations,  // what lives within one run of a list; must have been zeroed once
  kHost,         // what the host writes before a run and reads after it
  kCross,        // the cross cache of a slot; must have been zeroed once
  kSelf,         // the self cache of a slot; must have been zeroed once
};

struct BufferPlace {
  Buffer buffer = Buffer::kWeights;
  uint8_t slot = 0;     // of caches: which of the slots that the run works on
  uint64_t offset = 0;  // bytes

  BufferPlace operator+(uint64_t bytes) const { return {buffer, slot, offset + bytes}; }
  bool operator==(const BufferPlace&) const = default;
};

// The forms of a matrix. Column tiles of int8 forms are an even number, so that A objects are
// whole; what pads them is never written and meets weights of zero.
enum class Layout : uint8_t {
  kT64,       // int8 [row tile][column tile][4,096]
  kFine,      // two planes of int8 [row tile][high, low][column tile][4,096]
  kResidual,  // int16 [row tile][column tile][8,192]
  // Of 16 rows, the pieces that leave a core with kNarrow. A objects read whole tiles from them, so
  // that kNarrowPadding bytes behind the last are read too.
  kNarrow,          // int8 [column tile][1,024]
  kNarrowFine,      // [high, low][column tile][1,024]
  kNarrowResidual,  // int16 [column tile][2,048]
  // Blocks of 64 keys: [head][block][8,192], in each K^T or K, then V (kv_cache/kv_cache.h). A
  // place of kValues is 4,096 bytes into the first block.
  kKeys,       // K^T
  kValues,     // V
  kCacheRows,  // K or V of the self cache: row by row, each at a position of its own
  kScores,     // int16 [head][two blocks of keys][block][16][64]: alignment
  kParts,      // [head][part][8,192]: attention unfinished, weighted and rows
  kLogits,     // int32 [tile of 64 tokens][4, 8 or 16 rows][64] as T64
  kCandidates  // kernels::Candidate [column of the array][4,096]: [16][kTopK], the rest unused
};

// What A objects read behind narrow matrices: the rest of a tile of int16.
inline constexpr size_t kNarrowPadding = kernels::kObjectBytes - 2 * 1024;

// A matrix in a buffer: what lies where.
struct Tiles {
  BufferPlace place;
  Layout layout = Layout::kT64;
  uint32_t column_tiles = 0;  // that are stored
  uint64_t row_step = 0;      // from row tile to row tile, or block to block of keys
  uint64_t column_step = 0;   // from column tile to column tile, or head to head
  uint64_t plane_step = 0;    // from the high to the low plane

  bool operator==(const Tiles&) const = default;
};

constexpr bool is_fine(Layout layout) {
  return layout == Layout::kFine || layout == Layout::kNarrowFine;
}
constexpr bool is_narrow(Layout layout) {
  return layout == Layout::kNarrow || layout == Layout::kNarrowFine ||
         layout == Layout::kNarrowResidual;
}
constexpr uint32_t tiles_of(size_t extent) {
  return static_cast<uint32_t>((extent + kernels::kTile - 1) / kernels::kTile);
}

// A matrix of so many columns in one of the first three forms or a narrow one, at `place`.
Tiles matrix_at(const BufferPlace& place, Layout layout, size_t columns);
// Bytes that it takes, padding included; a multiple of 64.
size_t matrix_bytes(Layout layout, size_t rows, size_t columns);

// K or V (by the layout) of all heads, `blocks` blocks of 64 keys each, that begin at `place`.
Tiles keys_at(const BufferPlace& place, Layout layout, size_t heads, size_t blocks,
              bool values = false);
size_t keys_bytes(size_t heads, size_t blocks);

// Where an element begins in the buffer; of fine forms its high plane.
uint64_t element_offset(const Tiles& tiles, size_t row, size_t column);

// Elements as the integers that they are, in the memory of the buffer of `tiles`. Rows of kKeys,
// kValues and kCacheRows are keys. The columns of kScores are the keys of all heads, those of a
// head padded to whole objects of 128; those of kLogits are tokens.
int element(const std::byte* buffer, const Tiles& tiles, size_t row, size_t column);
// Saturates nothing: the value must be one of the layout.
void put_element(std::byte* buffer, const Tiles& tiles, size_t row, size_t column, int value);

// Row-major integers [rows][columns] into a matrix and back; what else lies in its tiles stays.
void pack(std::span<const int16_t> integers, size_t rows, size_t columns, const Tiles& tiles,
          std::byte* buffer);
void unpack(const std::byte* buffer, const Tiles& tiles, size_t rows, size_t columns,
            std::span<int16_t> integers);

}  // namespace npu::array
