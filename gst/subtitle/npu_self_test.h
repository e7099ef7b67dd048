// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test of the NPU as the command runs and prints it.
#pragma once

#include <string>
#include <vector>

#include "device/self_test.h"
#include "result.h"

namespace npu::subtitle {

// The NPU on a small random network, then on the model if one is named (empty: none). After a
// device that failed nothing else is run. Appends a report of each. Errors: those of
// self_test_npu() and of opening the model; the reports before it stay.
Result<void> npu_self_test(const std::string& model, const DeviceRequest& request,
                           std::vector<NpuReport>& reports);

bool passed(const std::vector<NpuReport>& reports);

// Of one report or more: a line for each operation, below it the first difference if there is one;
// the last line says whether it passed, and of a failure what to report.
std::string table(const std::vector<NpuReport>& reports);

}  // namespace npu::subtitle
