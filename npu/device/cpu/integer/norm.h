// SPDX-License-Identifier: LGPL-2.1-or-later
// Layer norm of the integer path: the arithmetic of kernels/layer_norm on one row.
#pragma once

#include "device/cpu/integer/activation.h"
#include "quantised/network.h"

namespace npu::cpu::integer {

void layer_norm_row(const quantised::Norm& norm, const View& in, const View& out, size_t row);

}  // namespace npu::cpu::integer
