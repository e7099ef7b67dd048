// SPDX-License-Identifier: LGPL-2.1-or-later
// Host only: whether a core may be given a descriptor.
#pragma once

#include <string>

#include "layout/descriptor.h"

namespace kernels {

// "" if it keeps its contract, else what was expected, what was found.
std::string descriptor_fault(const Descriptor& descriptor);

}  // namespace kernels
