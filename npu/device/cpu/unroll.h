// SPDX-License-Identifier: LGPL-2.1-or-later
// NPU_UNROLL(n) before a loop: it is unrolled completely, without which gcc keeps the sums of a
// tile in memory. Not in instrumented builds, which need no speed and where one such file takes
// minutes to compile.
#pragma once

#include <hwy/base.h>

#if HWY_IS_ASAN || HWY_IS_TSAN || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NPU_UNROLL(count)
#else
#define NPU_UNROLL(count) HWY_UNROLL(count)
#endif
