// SPDX-License-Identifier: LGPL-2.1-or-later
// What this machine can do at most, measured in the same run as the figures that it is compared
// with.
#pragma once

namespace npu::bench {

// Fused multiply-adds per second of `threads` threads together, in units of 1e9.
double peak_gmac_per_s(int threads);

// Bytes per second that `threads` threads together read from memory, in units of 1e9.
double peak_read_gb_per_s(int threads);

}  // namespace npu::bench
