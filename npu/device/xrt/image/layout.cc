// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/layout.h"

#include <cassert>
#include <cstring>

#include "kv_cache/kv_cache.h"
#include "matmul/matmul.h"
#include "numerics/fine.h"

namespace npu::array {
namespace {

using kernels::kObjectBytes;
using kernels::kTile;
using kernels::kTileElements;

constexpr size_t kPiece = kernels::kGroupRows * kTile;  // bytes of int8

uint64_t even(uint64_t tiles) {
  return (tiles + 1) / 2 * 2;
}

size_t element_bytes(Layout layout) {
  switch (layout) {
    case Layout::kResidual:
    case Layout::kNarrowResidual:
    case Layout::kScores:
      return sizeof(int16_t);
    case Layout::kLogits:
      return sizeof(int32_t);
    default:
      return 1;
  }
}

template <typename T>
T integer_at(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Of an element of a head's keys.
uint64_t key_offset(const Tiles& tiles, size_t key, size_t column) {
  const auto inside = static_cast<unsigned>(key % kTile);
  const auto dimension = static_cast<unsigned>(column % kTile);
  const size_t index = tiles.layout == Layout::kKeys ? kernels::cache_index(dimension, inside)
                                                     : kernels::cache_index(inside, dimension);
  return column / kTile * tiles.column_step + key / kTile * tiles.row_step + index;
}

// Of alignment scores: `column` counts the keys of all heads, two blocks to an object.
uint64_t score_offset(const Tiles& tiles, size_t row, size_t column) {
  const size_t keys = tiles.column_step / tiles.row_step * 2 * kTile, key = column % keys;
  const size_t index =
      key / kTile % 2 * kPiece + kernels::tile_index(static_cast<unsigned>(row), key % kTile);
  return column / keys * tiles.column_step + key / (2 * kTile) * tiles.row_step +
         index * sizeof(int16_t);
}

}  // namespace

Tiles matrix_at(const BufferPlace& place, Layout layout, size_t columns) {
  const uint32_t tiles = tiles_of(columns);
  const auto whole = static_cast<uint32_t>(even(tiles));
  switch (layout) {
    case Layout::kT64:
      return {place, layout, whole, whole * uint64_t{kTileElements}, kTileElements, 0};
    case Layout::kFine:
      return {place,         layout,
              whole,         2 * whole * uint64_t{kTileElements},
              kTileElements, whole * uint64_t{kTileElements}};
    case Layout::kResidual:
      return {place, layout, tiles, tiles * uint64_t{kObjectBytes}, kObjectBytes, 0};
    case Layout::kNarrow:
      return {place, layout, whole, 0, kPiece, 0};
    case Layout::kNarrowFine:
      return {place, layout, whole, 0, kPiece, whole * uint64_t{kPiece}};
    case Layout::kNarrowResidual:
      return {place, layout, tiles, 0, 2 * kPiece, 0};
    default:
      assert(!"a form of matrices");
      return {};
  }
}

size_t matrix_bytes(Layout layout, size_t rows, size_t columns) {
  const Tiles tiles = matrix_at({}, layout, columns);
  if (!is_narrow(layout)) return tiles_of(rows) * tiles.row_step;
  return tiles.column_tiles * tiles.column_step + tiles.plane_step + kNarrowPadding;
}

Tiles keys_at(const BufferPlace& place, Layout layout, size_t heads, size_t blocks, bool values) {
  return {place + (values ? kTileElements : 0), layout, static_cast<uint32_t>(heads), kObjectBytes,
          blocks * uint64_t{kObjectBytes},      0};
}

size_t keys_bytes(size_t heads, size_t blocks) {
  return heads * blocks * kObjectBytes;
}

uint64_t element_offset(const Tiles& tiles, size_t row, size_t column) {
  switch (tiles.layout) {
    case Layout::kKeys:
    case Layout::kValues:
    case Layout::kCacheRows:
      return tiles.place.offset + key_offset(tiles, row, column);
    case Layout::kScores:
      return tiles.place.offset + score_offset(tiles, row, column);
    default:
      break;
  }
  const size_t index = kernels::tile_index(row % kTile, column % kTile);
  return tiles.place.offset + row / kTile * tiles.row_step + column / kTile * tiles.column_step +
         index * element_bytes(tiles.layout);
}

int element(const std::byte* buffer, const Tiles& tiles, size_t row, size_t column) {
  const std::byte* at = buffer + element_offset(tiles, row, column);
  if (tiles.layout == Layout::kLogits) return integer_at<int32_t>(at);
  if (element_bytes(tiles.layout) == sizeof(int16_t)) return integer_at<int16_t>(at);
  const int high = static_cast<int8_t>(*at);
  if (!is_fine(tiles.layout)) return high;
  return high * (1 << kernels::kFineBits) + static_cast<int8_t>(at[tiles.plane_step]);
}

void put_element(std::byte* buffer, const Tiles& tiles, size_t row, size_t column, int value) {
  std::byte* at = buffer + element_offset(tiles, row, column);
  if (tiles.layout == Layout::kLogits) {
    const int32_t integer = value;
    std::memcpy(at, &integer, sizeof integer);
  } else if (element_bytes(tiles.layout) == sizeof(int16_t)) {
    const auto integer = static_cast<int16_t>(value);
    std::memcpy(at, &integer, sizeof integer);
  } else if (is_fine(tiles.layout)) {
    const kernels::FinePlanes planes = kernels::split_fine(static_cast<int16_t>(value));
    *at = static_cast<std::byte>(planes.high);
    at[tiles.plane_step] = static_cast<std::byte>(planes.low);
  } else {
    *at = static_cast<std::byte>(value);
  }
}

void pack(std::span<const int16_t> integers, size_t rows, size_t columns, const Tiles& tiles,
          std::byte* buffer) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c)
      put_element(buffer, tiles, r, c, integers[r * columns + c]);
}

void unpack(const std::byte* buffer, const Tiles& tiles, size_t rows, size_t columns,
            std::span<int16_t> integers) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c)
      integers[r * columns + c] = static_cast<int16_t>(element(buffer, tiles, r, c));
}

}  // namespace npu::array
