// SPDX-License-Identifier: LGPL-2.1-or-later
// A clip through the kernels of log-mel, tile by tile, as the dataflow would drive them.
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <span>
#include <vector>

#include "aie_host/checks.h"
#include "numerics/make_log_mel.h"

namespace kernels::testing {

inline constexpr unsigned kHop = 160;

// Slaney's triangles [bands][201], of area 1.
inline std::vector<float> mel_filters(unsigned bands) {
  const auto hz = [](double mel) {
    return mel < 15 ? 200.0 / 3 * mel : 1000 * std::exp((mel - 15) * std::log(6.4) / 27);
  };
  const double top = 15 + 27 * std::log(8.0) / std::log(6.4);
  std::vector<float> filters(size_t{bands} * kSpectrumBins);
  for (unsigned band = 0; band < bands; ++band) {
    const double low = hz(top * band / (bands + 1)), centre = hz(top * (band + 1) / (bands + 1)),
                 high = hz(top * (band + 2) / (bands + 1));
    for (unsigned bin = 0; bin < kSpectrumBins; ++bin) {
      const double at = 40.0 * bin;
      const double side = std::min((at - low) / (centre - low), (high - at) / (high - centre));
      filters[size_t{band} * kSpectrumBins + bin] =
          static_cast<float>(std::max(0.0, side) * 2 / (high - low));
    }
  }
  return filters;
}

// Sample `at` of the clip: reflected before its start, zeros after its end.
inline float sample_at(std::span<const float> clip, int64_t at) {
  const auto index = static_cast<size_t>(at < 0 ? -at : at);
  return index < clip.size() ? clip[index] : 0.0F;
}

// The kernels on tiles of 64 frames.
class LogMelTiles {
 public:
  // Exponents up to `most_exponent` per frame; 0 keeps 16-bit samples as they are.
  LogMelTiles(unsigned bands, int most_exponent)
      : most_exponent_(most_exponent), log_table_(make_log_table()) {
    tiles_ = make_log_mel_tiles(mel_filters(bands), bands);
    for (const LogMelTile& tile : tiles_) {
      std::deque<aie_host::TileBuffer<int16_t>>& objects = dft_.emplace_back();
      for (unsigned k = 0; k < kDftObjects; ++k) {
        objects.emplace_back(std::span(tile.dft).subspan(size_t{k} * kTileElements, kTileElements));
      }
    }
  }

  size_t n_tiles() const { return tiles_.size(); }
  // Greatest value of all tiles so far.
  int16_t greatest() const { return greatest_; }

  // One tile for each N tile; sample_of(row, k) is sample k of a frame.
  template <typename SampleOf>
  std::vector<std::vector<int16_t>> run(const SampleOf& sample_of) {
    std::vector<int32_t> offsets(kTile);
    std::vector<std::vector<int16_t>> objects(kDftObjects, std::vector<int16_t>(kTileElements));
    for (unsigned row = 0; row < kTile; ++row) {
      float peak = 0;
      for (unsigned k = 0; k < kDftSamples; ++k) peak = std::max(peak, std::abs(sample_of(row, k)));
      const int exponent = frame_exponent(peak, most_exponent_);
      offsets[row] = frame_offset_of(exponent);
      for (unsigned k = 0; k < kDftObjects * kTile; ++k) {
        const double scaled = std::ldexp(double{sample_of(row, k)}, 15 + exponent);
        objects[k / kTile][wide_index(row, k % kTile)] =
            static_cast<int16_t>(std::lround(std::clamp(scaled, -32768.0, 32767.0)));
      }
    }
    std::deque<aie_host::TileBuffer<int16_t>> samples;
    for (const auto& object : objects) samples.emplace_back(object);
    std::vector<std::vector<int16_t>> logs;
    for (size_t n = 0; n < tiles_.size(); ++n) logs.push_back(run_kernels(n, samples, offsets));
    return logs;
  }

  // log10 energy of a band with kLogMelBits fraction bits, from what run() gave.
  int16_t log_energy(std::span<const std::vector<int16_t>> logs, unsigned row,
                     unsigned band) const {
    size_t n = tiles_.size() - 1;
    while (band < tiles_[n].first_band) --n;
    return logs[n][tile_index(row, band - tiles_[n].first_band)];
  }

 private:
  std::vector<int16_t> run_kernels(size_t n, std::deque<aie_host::TileBuffer<int16_t>>& samples,
                                   const std::vector<int32_t>& offsets) {
    aie_host::TileBuffer<int32_t> sums(kTileElements);
    for (unsigned k = 0; k < kDftObjects; ++k) {
      npu_dft_i16(samples[k].data(), dft_[n][k].data(), sums.data(), k == 0, 4);
    }
    npu_power_i32(sums.data(), 4);
    aie_host::TileBuffer<int16_t> weights(tiles_[n].weights);
    const LogMelParameters parameters{weights.data(), tiles_[n].band_offset.data(),
                                      log_table_.data(), tiles_[n].bands};
    aie_host::TileBuffer<int16_t> out(kTileElements);
    greatest_ = std::max(greatest_,
                         npu_log_mel_i16(sums.data(), &parameters, offsets.data(), out.data(), 4));
    return out.values();
  }

  int most_exponent_;
  std::vector<int32_t> log_table_;
  std::vector<LogMelTile> tiles_;
  std::deque<std::deque<aie_host::TileBuffer<int16_t>>> dft_;
  int16_t greatest_ = kLogMelFloor;
};

class LogMelClip {
 public:
  LogMelClip(std::span<const float> clip, unsigned frames, unsigned bands, int most_exponent)
      : tiles_(bands, most_exponent) {
    for (unsigned first = 0; first < frames; first += kTile) {
      const int64_t begin = int64_t{kHop} * first - kDftSamples / 2;
      logs_.push_back(tiles_.run([&](unsigned row, unsigned k) {
        return sample_at(clip, begin + int64_t{kHop} * row + k);
      }));
    }
  }

  int16_t greatest() const { return tiles_.greatest(); }
  size_t n_tiles() const { return tiles_.n_tiles(); }
  // (log10 energy + 4) / 4, as npu_log_mel_normalise_i16 leaves it.
  double value(unsigned frame, unsigned band) const {
    const int x = std::max<int>(tiles_.log_energy(logs_[frame / kTile], frame % kTile, band),
                                greatest() - 16384);
    return (x + 8192) / 8192.0;
  }

 private:
  LogMelTiles tiles_;
  std::vector<std::vector<std::vector<int16_t>>> logs_;  // [64 frames][N tile]
};

}  // namespace kernels::testing
