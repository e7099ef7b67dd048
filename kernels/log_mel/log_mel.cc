// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source. A sum of the filter bank has up to 83 bits: it is kept as three digits of 31, exact,
// so that a frame needs no common exponent and a faint band beside a loud one keeps its bits.
#include "log_mel/log_mel.h"

#include "matmul/requantise.h"
#include "numerics/rounding.h"

namespace kernels {
namespace {

constexpr unsigned kBlocks = kTile / kWideBlock;
constexpr unsigned kRowOfWideBlocks = kBlocks * kWideElements;
constexpr unsigned kRowOfBlocks = kTile / kBlockColumns * kBlock;  // T64, 4 rows
constexpr unsigned kBinBlocks = kTileBins / kWideBlock;

using Filter = aie::mmul<4, 4, 4, int32, int16, acc64>;
using Digit = aie::vector<int32, kWideElements>;

struct Energy {
  Digit high, middle, low;  // high * 2^62 + middle * 2^31 + low
};

// 4 frames x 4 bands. Needs floor and no saturation.
inline Energy filtered(const int32_t* power, const int16_t* weights) {
  const auto low_bits = aie::broadcast<int32, kWideElements>(0x7FFFFFFF);
  Filter upper, lower;
  for (unsigned kb = 0; kb < kBinBlocks; ++kb) {
    const auto weight = aie::load_v<Filter::size_B>(weights + kb * kRowOfWideBlocks);
    const int32_t* bins = power + kb * 2 * kWideElements;
    upper.mac(aie::load_v<Filter::size_A>(bins), weight);
    lower.mac(aie::load_v<Filter::size_A>(bins + kWideElements), weight);
  }
  auto sum = upper.to_accum();
  const auto one = aie::broadcast<int16, kWideElements>(1);
  sum = aie::mac(sum, lower.to_vector<int32>(kPowerCut), one);  // carries
  return {sum.to_vector<int32>(kPowerCut), aie::bit_and(sum.to_vector<int32>(0), low_bits),
          aie::bit_and(lower.to_vector<int32>(0), low_bits)};
}

// `offset` is that of band and frame.
inline int16_t logarithm(const Energy& energy, unsigned lane, int32_t offset,
                         const int32_t* table) {
  const uint64_t top = static_cast<uint64_t>(energy.high.get(lane)) << kPowerCut |
                       static_cast<uint64_t>(energy.middle.get(lane));
  const uint64_t bottom = static_cast<uint64_t>(energy.low.get(lane));
  if ((top | bottom) == 0) return kLogMelFloor;
  // Of a great value the lowest digit is below what the logarithm looks at.
  const bool great = top >> 32 != 0;
  const int32_t value = great ? log10_of(top, table) + static_cast<int32_t>(kPowerCut) * kLogOfTwo
                              : log10_of(top << kPowerCut | bottom, table);
  const int16_t rounded = round_shift<int16_t>(value + offset, kLogBits - kLogMelBits);
  return rounded < kLogMelFloor ? kLogMelFloor : rounded;
}

// A block of T64: 4 frames x 8 bands.
inline aie::vector<int16, kBlock> logarithms(const int32_t* power,
                                             const LogMelParameters& parameters, unsigned band,
                                             const int32_t* frame_offset) {
  aie::vector<int16, kBlock> out;
  for (unsigned half = 0; half < 2; ++half) {
    const unsigned first = band + half * kWideBlock;
    const Energy energy = filtered(power, parameters.weights + first / kWideBlock * kWideElements);
    for (unsigned lane = 0; lane < kWideElements; ++lane) {
      const unsigned row = lane / kWideBlock, column = lane % kWideBlock;
      const int32_t offset = parameters.band_offset[first + column] + frame_offset[row];
      out.set(logarithm(energy, lane, offset, parameters.log_table),
              row * kBlockColumns + half * kWideBlock + column);
    }
  }
  return out;
}

// 16 values, with the floor of the dynamic range.
inline aie::vector<int16, 16> normalised(const int16_t* x, int16_t floor) {
  const auto raised = aie::max(aie::load_v<16>(x), aie::broadcast<int16, 16>(floor));
  return aie::saturating_add(raised, aie::broadcast<int16, 16>(kLogMelOffset));
}

inline int16_t floor_below(int16_t greatest) {
  return saturate_to<int16_t>(greatest - kLogMelRange, SaturationMode::kSaturate);
}

}  // namespace

int16_t npu_log_mel_i16(const int32_t* power, const LogMelParameters* parameters,
                        const int32_t* frame_offset, int16_t* out, unsigned row_groups) {
  // Sums are cut into digits, bit for bit.
  aie::set_rounding(aie::rounding_mode::floor);
  aie::set_saturation(aie::saturation_mode::none);
  int16_t greatest = kLogMelFloor;
  for (unsigned rb = 0; rb < row_groups * kGroupRows / kWideBlock; ++rb) {
    for (unsigned band = 0; band < parameters->bands; band += kBlockColumns) {
      const auto block = logarithms(power + rb * kRowOfWideBlocks, *parameters, band,
                                    frame_offset + rb * kWideBlock);
      const int16_t most = aie::reduce_max(block);
      if (most > greatest) greatest = most;
      aie::store_v(out + rb * kRowOfBlocks + band / kBlockColumns * kBlock, block);
    }
  }
  return greatest;
}

void npu_log_mel_normalise_i16(const int16_t* x, int16_t greatest, int16_t* out,
                               unsigned row_groups) {
  set_core_modes();
  const int16_t floor = floor_below(greatest);
  for (unsigned at = 0; at < row_groups * kGroupRows * kTile; at += 16) {
    aie::store_v(out + at, normalised(x + at, floor));
  }
}

void npu_log_mel_normalise_i8(const int16_t* x, int16_t greatest, const int16_t* mult,
                              unsigned shift, int8_t* out, unsigned row_groups) {
  set_core_modes();
  const int16_t floor = floor_below(greatest);
  for (unsigned cb = 0; cb < kTile / kBlockColumns; ++cb) {
    const auto factors = two_rows_of(mult + cb * kBlockColumns);
    for (unsigned two = 0; two < row_groups * kGroupRows / 2; ++two) {
      const unsigned at = two / 2 * kRowOfBlocks + cb * kBlock + two % 2 * 16;
      const auto scaled = aie::mul<acc32>(normalised(x + at, floor), factors);
      aie::store_v(out + at, scaled.to_vector<int8>(shift));
    }
  }
}

}  // namespace kernels
