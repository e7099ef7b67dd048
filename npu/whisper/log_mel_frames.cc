// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/log_mel_frames.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/dims.h"

namespace npu {
namespace {

constexpr float kFloor = 1e-10F;  // of energy

}  // namespace

FloatLogMel::FloatLogMel(std::span<const float> filters, int bands) {
  assert(filters.size() == static_cast<size_t>(bands) * kSpectrumBins);
  for (int band = 0; band < bands; ++band) {
    const auto row = filters.subspan(static_cast<size_t>(band) * kSpectrumBins, kSpectrumBins);
    const auto nonzero = [](float weight) { return weight != 0; };
    const auto first = std::find_if(row.begin(), row.end(), nonzero);
    const auto last = std::find_if(row.rbegin(), row.rend(), nonzero).base();
    Band packed{static_cast<int>(first - row.begin()), {}};
    if (first < last) packed.weights.assign(first, last);
    bands_.push_back(std::move(packed));
  }
}

void FloatLogMel::compute(std::span<const float> samples, int count, std::span<float* const> rows) {
  const auto energy = spectrum_.power(samples, kHopSamples);
  for (size_t band = 0; band < bands_.size(); ++band) {
    LaneFloat sum = {};
    const LaneFloat* bins = &energy[static_cast<size_t>(bands_[band].first_bin)];
    for (float weight : bands_[band].weights) sum += *bins++ * weight;
    for (int lane = 0; lane < count; ++lane)
      rows[static_cast<size_t>(lane)][band] = std::log10(std::max(sum[lane], kFloor));
  }
}

}  // namespace npu
