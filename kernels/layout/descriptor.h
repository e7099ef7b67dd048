// SPDX-License-Identifier: LGPL-2.1-or-later
// The descriptor: the B object that starts each operation and tells a core what the objects behind
// it are. Written by the packer, read by cores, twin and host; little-endian, one 8,192-byte
// object.
//
// The four cores of a column see the same descriptor, those of a row the same A. Core row r works
// on the 64-row tiles 4 t + r of the operation's rows. A comes only to core rows that have valid
// rows in tile t; every core takes every B object and gives every C object, without valid rows too
// (then with any contents).
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/tile.h"

namespace kernels {

inline constexpr uint32_t kDescriptorMagic = 0x5550'4E77;  // "wNPU"
inline constexpr uint16_t kDescriptorVersion = 1;
inline constexpr unsigned kCoreRows = 4;
inline constexpr unsigned kMaxNormTiles = 5;  // of a column: 20 tiles of width 1280 on 4 columns

enum class Op : uint8_t {
  // Takes `count` A objects per tile: a column without work while others have some.
  kPass = 0,
  // Per tile: `count` pairs of A and B (fine: all of the high plane, then all of the low one), then
  // what the epilogue takes.
  kMatmul = 1,
  // Per tile: the `count` int16 tiles of a row (A) twice; those with index % columns == select
  // leave.
  kLayerNorm = 2,
  // Per tile: `columns` A objects of Q, two heads each, of which the core keeps head `select`;
  // `count` K,V blocks (B).
  kAttention = 3,
  // `count` A objects: the two C objects of parts of attention (16 rows), which it combines.
  kCombine = 4,
  // A as attention; `count` B objects that begin with a K^T. Two blocks of scores to a C object.
  kAlignment = 5,
  // Per tile: `columns` pairs of int16 tiles (A), of which the core adds pair `select`.
  kAdd = 6,
};

// What becomes of the sums of a product; C objects per tile.
enum class Epilogue : uint8_t {
  kI8 = 0,        // 1: requantise_i8
  kI16 = 1,       // 2: rows 0-31, 32-63
  kV = 2,         // 1: right matrix
  kKt = 3,        // 1: its transpose
  kGelu = 4,      // 1
  kGeluFine = 5,  // 2: high plane, low plane
  kGeluAdd = 6,   // 2: as kResidual
  kResidual = 7,  // 2; takes `columns` int16 tiles (A) and uses number `select`
  kTopK = 8,      // 0; with kLast 1: Candidate[16][kTopK]
  kRows = 9,      // 1: npu_kv_rows_i8
  kLogits = 10,   // in pieces only: 1,024 bytes for each four rows, npu_logits_i32
};

enum DescriptorFlag : uint32_t {
  kHasTable = 1u << 0,       // copy `table`; else the one of an earlier descriptor stays
  kFineInput = 1u << 1,      // of a product: planes of 12 bits
  kFineOutput = 1u << 2,     // of layer norm, attention, combine: two C objects, high and low plane
  kZeroFirstRow = 1u << 3,   // kGelu, kGeluFine: row 0 of the operation becomes 0 (conv2's padding)
  kFirst = 1u << 4,          // kTopK: forget what was
  kLast = 1u << 5,           // kTopK: the candidates leave
  kCausal = 1u << 6,         // row i sees keys up to mask_base + i
  kRowLimits = 1u << 7,      // row i of a tile sees bias[i] keys
  kTransposeKeys = 1u << 8,  // blocks of the self cache: K is not transposed; 16 rows at most
  kPart = 1u << 9,           // attention stays unfinished: weighted, then rows; 16 rows at most
  // Of 16 rows at most: what would be one C object of 8 bits is a piece of 1,024 bytes, two of 16
  // bits or two planes a piece of 2,048 (high, low). Pieces lie one behind the other, across
  // operations, in an object that leaves when it is full or the next piece has no room.
  kNarrow = 1u << 10,
  kFlush = 1u << 11,  // it leaves after this operation; before one without kNarrow it must
};
inline constexpr uint32_t kKnownFlags = (1u << 12) - 1;

struct DescriptorHead {
  uint32_t magic;
  uint16_t version;
  Op op;
  Epilogue epilogue;  // of kMatmul
  uint32_t flags;
  uint32_t rows;     // valid rows, of all core rows and tiles
  uint16_t m_tiles;  // tiles of a core
  uint16_t count;
  uint8_t columns;  // A objects (or pairs of them) that the columns share, or columns of the array
  uint8_t select;   // this column's
  uint8_t shift;    // of mult
  uint8_t out_shift;  // of out_mult, of layer norm, of the residual; gain of attention
  int32_t key_count;  // keys that rows see at most
  int32_t mask_base;
  int32_t first_key;  // of the first K,V block; kTopK: token of column 0
  int32_t reserved0;
  int64_t epsilon;   // of layer norm
  uint64_t allowed;  // kTopK
  int64_t reserved1;
};
static_assert(sizeof(DescriptorHead) == 64);
static_assert(offsetof(DescriptorHead, op) == 6 && offsetof(DescriptorHead, flags) == 8);
static_assert(offsetof(DescriptorHead, m_tiles) == 16 && offsetof(DescriptorHead, columns) == 20);
static_assert(offsetof(DescriptorHead, key_count) == 24 && offsetof(DescriptorHead, epsilon) == 40);

// Gamma and beta of the tiles that a column emits, in their order.
struct NormParameters {
  int16_t gamma[kMaxNormTiles][kTile];
  int32_t beta[kMaxNormTiles][kTile];
};

struct alignas(32) Descriptor {
  DescriptorHead head;
  int32_t bias[kTile];
  int16_t mult[kTile];  // of kAttention and kAlignment only mult[0], of the scores
  int16_t out_mult[kTile];
  union {
    int16_t table[CoreMemory::kTable / sizeof(int16_t)];
    NormParameters norm;
  };
  uint8_t reserved[kObjectBytes - 576 - CoreMemory::kTable];
};
static_assert(sizeof(Descriptor) == kObjectBytes);
static_assert(offsetof(Descriptor, bias) == 64 && offsetof(Descriptor, mult) == 320);
static_assert(offsetof(Descriptor, out_mult) == 448 && offsetof(Descriptor, table) == 576);
static_assert(sizeof(NormParameters) == 1920 && offsetof(NormParameters, beta) % 32 == 0);

}  // namespace kernels
