// SPDX-License-Identifier: LGPL-2.1-or-later
// Log-mel of 64 frames: DFT as a matrix product, power, filter bank, logarithm, normalisation.
//
// Tiles here are 64 x 64 in blocks of 4 x 4, [16][16][4][4]: see wide_index(). An N tile is 32 bins
// of the spectrum, any that follow each other, and up to 64 bands that hear no others. Everything
// is for the first `row_groups` groups of 16 frames (1 to 4); the other rows are neither read nor
// written. Buffers are 32-byte aligned and do not overlap. Each function sets the core's modes.
//
// Block floating point: a sample x is the integer x * 2^(15 + e), with e of its frame, which enters
// as frame_offset. The host can so give each frame, or any number of them, all of the 16 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"
#include "numerics/log10.h"

namespace kernels {

inline constexpr unsigned kWideBlock = 4;  // rows and columns of a block
inline constexpr unsigned kWideElements = kWideBlock * kWideBlock;
constexpr size_t wide_index(unsigned row, unsigned column) {
  return (row / kWideBlock * (kTile / kWideBlock) + column / kWideBlock) * size_t{kWideElements} +
         row % kWideBlock * kWideBlock + column % kWideBlock;
}
static_assert(wide_index(63, 63) + 1 == kTileElements);

inline constexpr unsigned kDftSamples = 400;
inline constexpr unsigned kDftObjects = 7;  // of 64 samples; the last rows of the table are 0
inline constexpr unsigned kTileBins = 32;
inline constexpr unsigned kDftShift = 7;  // a sum is in units of 2^7 / (2^15 * 2^15)
inline constexpr unsigned kPowerCut = 31;

// The column of a bin's cosine; its sine is 4 further on.
constexpr unsigned cosine_column(unsigned bin) {
  return bin / 4 * 8 + bin % 4;
}

// log10 of energy with 11 fraction bits; (x + 4) / 4 with 13 is then x + 2^13.
inline constexpr unsigned kLogMelBits = 11;
inline constexpr int16_t kLogMelFloor = -10 * (1 << kLogMelBits);
inline constexpr int32_t kLogMelRange = 8 * (1 << kLogMelBits);
inline constexpr int16_t kLogMelOffset = 4 * (1 << kLogMelBits);

struct LogMelParameters {
  const int16_t* weights;      // [32 bins][64 bands], wide_index(); >= 0
  const int32_t* band_offset;  // [64], kLogBits fraction bits, magnitude <= 2^29
  const int32_t* log_table;    // [kLogTableElements]; see numerics/log10.h
  unsigned bands;              // a multiple of 8, <= 64
};
inline constexpr size_t kWeightElements = size_t{kTileBins} * kTile;
static_assert(kWeightElements * sizeof(int16_t) <= CoreMemory::kTable);
static_assert((2 * kTile + kLogTableElements + 7) * sizeof(int32_t) + kTile * sizeof(int16_t) +
                  64 <=
              CoreMemory::kParameters);
static_assert(kTileElements * sizeof(int16_t) == kObjectBytes);

extern "C" {

// sums += samples (64 frames x 64) * table (64 x 64), rounded to a multiple of 2^7 (nearest, ties
// to even) and divided by it; `first` starts from 0. Sums wrap modulo 2^32. With the table of
// numerics/make_log_mel.h no sum of kDftObjects objects exceeds 2^30.7.
void npu_dft_i16(const int16_t* samples, const int16_t* table, int32_t* sums, bool first,
                 unsigned row_groups);
void npu_dft_i16_ref(const int16_t* samples, const int16_t* table, int32_t* sums, bool first,
                     unsigned row_groups);

// P = cosine^2 + sine^2 of each bin, in place: floor(P / 2^31) where the cosine stood, the rest
// where the sine stood. P < 2^62.
void npu_power_i32(int32_t* sums, unsigned row_groups);
void npu_power_i32_ref(int32_t* sums, unsigned row_groups);

// V = sum of P * weight over the 32 bins, exact (< 2^83). out, T64 int16 of the first `bands`
// columns:
//   log10_of(V) + band_offset[band] + frame_offset[frame], kLogBits fraction bits, to kLogMelBits
//   (nearest, ties to even), saturated, at least kLogMelFloor; for V = 0 kLogMelFloor
// frame_offset [row_groups * 16], magnitude <= 2^29. Returns the greatest of out.
int16_t npu_log_mel_i16(const int32_t* power, const LogMelParameters* parameters,
                        const int32_t* frame_offset, int16_t* out, unsigned row_groups);
int16_t npu_log_mel_i16_ref(const int32_t* power, const LogMelParameters* parameters,
                            const int32_t* frame_offset, int16_t* out, unsigned row_groups);

// y = max(x, greatest - 8 decades) + 4 decades, saturated at each step: (x + 4) / 4 with 13
// fraction bits. `greatest` is that of all frames that are normalised together. T64 int16, whole
// rows of 64 columns. out may be x.
void npu_log_mel_normalise_i16(const int16_t* x, int16_t greatest, int16_t* out,
                               unsigned row_groups);
void npu_log_mel_normalise_i16_ref(const int16_t* x, int16_t greatest, int16_t* out,
                                   unsigned row_groups);

// The same, then y * mult[column] * 2^-shift to nearest, ties to even, clamped to 8 bits: the
// input of the first convolution. mult >= 0, shift <= 30. T64 int8.
void npu_log_mel_normalise_i8(const int16_t* x, int16_t greatest, const int16_t* mult,
                              unsigned shift, int8_t* out, unsigned row_groups);
void npu_log_mel_normalise_i8_ref(const int16_t* x, int16_t greatest, const int16_t* mult,
                                  unsigned shift, int8_t* out, unsigned row_groups);

}  // extern "C"

}  // namespace kernels
