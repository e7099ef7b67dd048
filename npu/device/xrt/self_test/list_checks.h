// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole lists as a transcription runs them: kept commands, parts of buffers, several histories.
#pragma once

#include "device/xrt/program.h"
#include "device/xrt/self_test/expected.h"

namespace npu::array {

// Two sounds, of the size that the encoder takes. Checks are appended to `report`. Errors: those of
// Program::create_context() and Context.
Result<void> check_whole_lists(const ArrayProgram& program, ExpectedValues& expected,
                               const ContextLimits& limits,
                               std::span<const std::vector<float>> sounds, NpuReport& report);

}  // namespace npu::array
