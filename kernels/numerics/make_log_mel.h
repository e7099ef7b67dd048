// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of log-mel, in double. For the packer and tests on the host; no core includes it.
// Window and transform: openai/whisper:whisper/audio.py, log_mel_spectrogram().
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "log_mel/log_mel.h"

namespace kernels {

inline constexpr unsigned kSpectrumBins = kDftSamples / 2 + 1;
inline constexpr double kDftScale = 32767;  // of the table

// One N tile: what its bins and bands are, and the tables of its kernels.
struct LogMelTile {
  unsigned first_bin;
  unsigned first_band;
  unsigned bands;            // a multiple of 8; those beyond the last band have weights of 0
  std::vector<int16_t> dft;  // [kDftObjects][64 samples][64], wide_index()
  std::vector<int16_t> weights;
  std::vector<int32_t> band_offset;
};

inline std::vector<int32_t> make_log_table() {
  std::vector<int32_t> table(kLogTableElements);
  for (unsigned i = 0; i < kLogTableElements; ++i) {
    table[i] = static_cast<int32_t>(
        std::llround(std::log10(1 + static_cast<double>(i) / kLogChords) * (1 << kLogBits)));
  }
  return table;
}

// Of a frame whose samples x are x * 2^(15 + exponent) in integers. -50 <= exponent <= 50.
constexpr int32_t frame_offset_of(int exponent) {
  return -2 * exponent * kLogOfTwo;
}

// The greatest exponent, up to `most`, that keeps magnitudes up to `peak` within 16 bits.
inline int frame_exponent(double peak, int most) {
  int exponent = most;
  while (exponent > -50 && std::ldexp(peak, 15 + exponent) > 32767) --exponent;
  return exponent;
}

// The window is folded into the table.
inline std::vector<int16_t> make_dft_table(unsigned first_bin) {
  std::vector<int16_t> table(size_t{kDftObjects} * kTileElements, 0);
  for (unsigned n = 0; n < kDftSamples; ++n) {
    const double turn = 2 * std::numbers::pi / kDftSamples;
    const double window = kDftScale * (0.5 - 0.5 * std::cos(turn * n));
    int16_t* object = table.data() + size_t{n / kTile} * kTileElements;
    for (unsigned bin = 0; bin < kTileBins && first_bin + bin < kSpectrumBins; ++bin) {
      const double angle = turn * ((first_bin + bin) * n % kDftSamples);
      const size_t at = wide_index(n % kTile, cosine_column(bin));
      object[at] = static_cast<int16_t>(std::lround(window * std::cos(angle)));
      object[at + kWideElements] = static_cast<int16_t>(std::lround(window * std::sin(angle)));
    }
  }
  return table;
}

// `row` is a band's weights of the tile's bins: scaled by the power of two that brings the greatest
// to [2^14, 2^15).
inline void put_band(LogMelTile& tile, unsigned band, std::span<const float> row) {
  const double greatest = row.empty() ? 0 : *std::max_element(row.begin(), row.end());
  if (greatest <= 0) return;
  int shift = 0;
  while (std::ldexp(greatest, shift) < 16384) ++shift;
  while (std::ldexp(greatest, shift) > 32767) --shift;
  for (unsigned bin = 0; bin < row.size(); ++bin) {
    tile.weights[wide_index(bin, band)] =
        static_cast<int16_t>(std::lround(std::ldexp(double{row[bin]}, shift)));
  }
  const double unit = std::pow(2.0, kDftShift) / (kDftScale * 32768);
  const double offset = 2 * std::log10(unit) - shift * std::log10(2.0);
  tile.band_offset[band] = static_cast<int32_t>(std::llround(offset * (1 << kLogBits)));
}

// Cuts `filters` [bands][201], whose bands are in the order of their frequency and no wider than 32
// bins, into N tiles.
inline std::vector<LogMelTile> make_log_mel_tiles(std::span<const float> filters, unsigned bands) {
  const auto row = [&](unsigned band) {
    return filters.subspan(size_t{band} * kSpectrumBins, kSpectrumBins);
  };
  const auto first_bin = [&](unsigned band) {
    unsigned bin = 0;
    while (bin + 1 < kSpectrumBins && row(band)[bin] == 0) ++bin;
    return bin;
  };
  const auto end_bin = [&](unsigned band) {
    unsigned bin = kSpectrumBins;
    while (bin > 0 && row(band)[bin - 1] == 0) --bin;
    return bin;
  };
  std::vector<LogMelTile> tiles;
  for (unsigned band = 0; band < bands;) {
    const unsigned first = first_bin(band);
    LogMelTile tile{first,
                    band,
                    0,
                    make_dft_table(first),
                    std::vector<int16_t>(kWeightElements),
                    std::vector<int32_t>(kTile)};
    const unsigned heard = std::min(kTileBins, kSpectrumBins - first);
    do {
      put_band(tile, tile.bands++, row(band++).subspan(first, heard));
    } while (band < bands && tile.bands < kTile && first_bin(band) >= first &&
             end_bin(band) <= first + kTileBins);
    tile.bands = (tile.bands + 7) / 8 * 8;
    tiles.push_back(std::move(tile));
  }
  return tiles;
}

}  // namespace kernels
