// SPDX-License-Identifier: LGPL-2.1-or-later
// A second implementation of Device, as unlike the CPU's as can be: matrices in tiles of 64 x 64
// whose padding is NaN, temporaries that start as NaN, self caches that are copied when beams are
// permuted, plain loops. Slow; for tests of the interface and of what is built on it.
#pragma once

#include <memory>

#include "device/device.h"

namespace npu::testing {

std::unique_ptr<Device> make_tiled_device();

}  // namespace npu::testing
