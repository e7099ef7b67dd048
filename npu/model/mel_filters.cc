// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/mel_filters.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace npu {
namespace {

constexpr double kHzPerBin = 40.0;
constexpr double kHighestHz = 8000.0;
constexpr double kLinearHzPerMel = 200.0 / 3.0;
constexpr double kLogFromHz = 1000.0;
constexpr double kLogFromMel = kLogFromHz / kLinearHzPerMel;

// Linear below 1 kHz, logarithmic above: 27 mel per factor of 6.4.
double log_step() {
  return std::log(6.4) / 27.0;
}

double mel_to_hz(double mel) {
  return mel < kLogFromMel ? kLinearHzPerMel * mel
                           : kLogFromHz * std::exp((mel - kLogFromMel) * log_step());
}

double highest_mel() {
  return kLogFromMel + std::log(kHighestHz / kLogFromHz) / log_step();
}

}  // namespace

MelFilters slaney_mel_filters(int bands) {
  const auto rows = static_cast<size_t>(bands);
  std::vector<double> edges_hz(rows + 2);
  for (size_t i = 0; i < edges_hz.size(); ++i)
    edges_hz[i] = mel_to_hz(highest_mel() * static_cast<double>(i) / static_cast<double>(rows + 1));
  MelFilters filters(rows * kSpectrumBins);
  for (size_t band = 0; band < rows; ++band) {
    const double low = edges_hz[band];
    const double centre = edges_hz[band + 1];
    const double high = edges_hz[band + 2];
    for (size_t bin = 0; bin < kSpectrumBins; ++bin) {
      const double hz = kHzPerBin * static_cast<double>(bin);
      const double triangle = std::min((hz - low) / (centre - low), (high - hz) / (high - centre));
      filters[band * kSpectrumBins + bin] =
          static_cast<float>(std::max(0.0, triangle) * 2.0 / (high - low));
    }
  }
  return filters;
}

}  // namespace npu
