// SPDX-License-Identifier: LGPL-2.1-or-later
// What every AIE2 source starts with.
#pragma once

#include <aie_api/aie.hpp>

#include "layout/program.h"
#include "layout/tile.h"

namespace kernels {

// Core state survives from kernel to kernel and starts as floor and wrap.
inline void set_core_modes() {
  aie::set_rounding(aie::rounding_mode::conv_even);
  aie::set_saturation(aie::saturation_mode::saturate);
}

}  // namespace kernels
