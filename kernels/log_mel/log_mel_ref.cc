// SPDX-License-Identifier: LGPL-2.1-or-later
// The contract of log_mel.h in plain loops over frames, bins and bands.
#include <algorithm>

#include "log_mel/log_mel.h"
#include "numerics/exact.h"

namespace kernels {
namespace {

using exact::Wide;

template <typename F>
void for_each_element(unsigned row_groups, unsigned columns, F f) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    for (unsigned column = 0; column < columns; ++column) f(row, column);
  }
}

// By doubling, and the chord by division.
Wide logarithm(Wide value, const int32_t* table) {
  Wide power = 1;
  int exponent = 0;
  while (2 * power <= value) power *= 2, ++exponent;
  const Wide mantissa = (value - power) * 32768 / power;
  const auto i = static_cast<size_t>(mantissa / 512);
  const Wide rise = Wide{table[i + 1]} - table[i];
  return Wide{exponent} * kLogOfTwo + table[i] +
         exact::floor_quotient(rise * (mantissa % 512), 512);
}

int16_t normalised(int16_t x, int16_t greatest) {
  const auto floor = exact::clamp_to<int16_t>(Wide{greatest} - 8 * 2048);
  return exact::clamp_to<int16_t>(Wide{std::max(x, floor)} + 4 * 2048);
}

}  // namespace

void npu_dft_i16_ref(const int16_t* samples, const int16_t* table, int32_t* sums, bool first,
                     unsigned row_groups) {
  for_each_element(row_groups, kTile, [&](unsigned row, unsigned column) {
    int64_t sum = 0;
    for (unsigned k = 0; k < kTile; ++k) {
      sum += int64_t{samples[wide_index(row, k)]} * table[wide_index(k, column)];
    }
    int32_t& to = sums[wide_index(row, column)];
    const Wide before = first ? 0 : to;
    to = static_cast<int32_t>(static_cast<int64_t>(before + exact::nearest_even(sum, 7)));
  });
}

void npu_power_i32_ref(int32_t* sums, unsigned row_groups) {
  for_each_element(row_groups, kTileBins, [&](unsigned row, unsigned bin) {
    int32_t& cosine = sums[wide_index(row, cosine_column(bin))];
    int32_t& sine = sums[wide_index(row, cosine_column(bin) + 4)];
    const Wide power = Wide{cosine} * cosine + Wide{sine} * sine;
    cosine = static_cast<int32_t>(power / (Wide{1} << 31));
    sine = static_cast<int32_t>(power % (Wide{1} << 31));
  });
}

int16_t npu_log_mel_i16_ref(const int32_t* power, const LogMelParameters* parameters,
                            const int32_t* frame_offset, int16_t* out, unsigned row_groups) {
  int16_t greatest = kLogMelFloor;
  for_each_element(row_groups, parameters->bands, [&](unsigned row, unsigned band) {
    Wide energy = 0;
    for (unsigned bin = 0; bin < kTileBins; ++bin) {
      const size_t at = wide_index(row, cosine_column(bin));
      const Wide value = Wide{power[at]} * (Wide{1} << 31) + power[at + 16];
      energy += value * parameters->weights[wide_index(bin, band)];
    }
    int16_t result = kLogMelFloor;
    if (energy > 0) {
      const Wide sum = logarithm(energy, parameters->log_table) + parameters->band_offset[band] +
                       frame_offset[row];
      result = std::max(result, exact::clamp_to<int16_t>(exact::nearest_even(sum, 13)));
    }
    out[tile_index(row, band)] = result;
    greatest = std::max(greatest, result);
  });
  return greatest;
}

void npu_log_mel_normalise_i16_ref(const int16_t* x, int16_t greatest, int16_t* out,
                                   unsigned row_groups) {
  for_each_element(row_groups, kTile, [&](unsigned row, unsigned column) {
    out[tile_index(row, column)] = normalised(x[tile_index(row, column)], greatest);
  });
}

void npu_log_mel_normalise_i8_ref(const int16_t* x, int16_t greatest, const int16_t* mult,
                                  unsigned shift, int8_t* out, unsigned row_groups) {
  for_each_element(row_groups, kTile, [&](unsigned row, unsigned column) {
    const size_t at = tile_index(row, column);
    const Wide y = normalised(x[at], greatest);
    out[at] = exact::clamp_to<int8_t>(exact::nearest_even(y * mult[column], shift));
  });
}

}  // namespace kernels
