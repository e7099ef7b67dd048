// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/factors.h"

#include <algorithm>
#include <cmath>

namespace npu::quantised {

Factors make_factors(std::span<const double> factors, unsigned most_shift, size_t tile_size) {
  Factors made;
  made.mult.resize(factors.size());
  for (size_t first = 0; first < factors.size(); first += tile_size) {
    const auto tile = factors.subspan(first, std::min(tile_size, factors.size() - first));
    const double greatest = *std::max_element(tile.begin(), tile.end());
    unsigned shift = 0;
    if (greatest > 0)
      while (shift < most_shift &&
             std::nearbyint(std::ldexp(greatest, static_cast<int>(shift) + 1)) <= 32767)
        ++shift;
    made.shift.push_back(static_cast<uint8_t>(shift));
    for (size_t i = 0; i < tile.size(); ++i)
      made.mult[first + i] = static_cast<int16_t>(
          std::min(32767.0, std::nearbyint(std::ldexp(tile[i], static_cast<int>(shift)))));
  }
  return made;
}

}  // namespace npu::quantised
