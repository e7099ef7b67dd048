// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

namespace npu {

// out[i] = e^((x[i] - most) / divisor) within 1e-6 of it, for x[i] <= most and divisor > 0; about
// 1e-38 where it is less. In the best vector instructions there are: the last bit may depend on
// them.
void exponentials(const float* x, size_t count, float most, float divisor, float* out);

}  // namespace npu
