// SPDX-License-Identifier: LGPL-2.1-or-later
// Real factors as the array multiplies them.
#pragma once

#include <span>

#include "layout/tile.h"
#include "quantised/network.h"

namespace npu::quantised {

// One shift for each `tile` factors: the greatest of them gets 15 bits. `most_shift` bounds it.
// Factors are not negative; those beyond what a multiplier holds become the greatest.
Factors make_factors(std::span<const double> factors, unsigned most_shift,
                     size_t tile = kernels::kTile);

}  // namespace npu::quantised
