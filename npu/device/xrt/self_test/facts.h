// SPDX-License-Identifier: LGPL-2.1-or-later
// What a report of a fault must name.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "device/xrt/discovery.h"
#include "device/xrt/system_check.h"

namespace npu::array {

using Facts = std::vector<std::pair<std::string, std::string>>;

// Versions, addresses and the overlay's id, in the order to print them in. What the system does not
// tell is said to be so. Errors: kNoDevice (the overlay cannot be read).
Result<Facts> facts_of(const FoundDevice& found, const std::filesystem::path& overlay,
                       const SystemView& view);

}  // namespace npu::array
