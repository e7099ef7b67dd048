// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/activation_stats.h"

#include <algorithm>
#include <cmath>

#include "quantised/random_bits.h"

namespace npu::quantised {

float ChannelStats::greatest() const {
  return peak.empty() ? 0 : *std::max_element(peak.begin(), peak.end());
}

void ActivationStats::add(const std::string& name, const float* data, size_t rows, size_t channels,
                          size_t stride) {
  ChannelStats& stats = by_name_[name];
  stats.peak.resize(channels);
  for (size_t r = 0; r < rows; ++r) {
    const float* row = data + r * stride;
    for (size_t c = 0; c < channels; ++c) stats.peak[c] = std::max(stats.peak[c], std::abs(row[c]));
    const size_t number = stats.seen++;
    if (number < kSampleRows) {
      stats.samples.insert(stats.samples.end(), row, row + channels);
      continue;
    }
    const size_t place = random_bits(number) % (number + 1);
    if (place < kSampleRows)
      std::copy(row, row + channels,
                stats.samples.begin() + static_cast<std::ptrdiff_t>(place * channels));
  }
}

const ChannelStats* ActivationStats::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace npu::quantised
