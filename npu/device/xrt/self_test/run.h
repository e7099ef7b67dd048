// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test on an opened overlay.
#pragma once

#include "device/self_test.h"
#include "device/xrt/hardware.h"

namespace npu::array {

// Runs all of it. `threads` of the CPU compute what is expected and reduce logits; 0: as many as
// there are. Errors: kUnsupported (the subject is not the array's), kOutOfMemory. A device that
// fails on the way is told in the report.
Result<NpuReport> run_self_test(Hardware& hardware, const SelfTestSubject& subject, int threads);

}  // namespace npu::array
