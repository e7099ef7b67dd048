// SPDX-License-Identifier: LGPL-2.1-or-later
// The context of the tiled device.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "device/device.h"

namespace npu::testing {

// Row-major, by name.
using TiledWeights = std::map<std::string, std::vector<float>>;

// Borrows lists and weights; `limits` have been checked.
std::unique_ptr<Context> make_tiled_context(const std::vector<OpList>& lists,
                                            const TiledWeights& weights,
                                            const ContextLimits& limits);

}  // namespace npu::testing
