// SPDX-License-Identifier: LGPL-2.1-or-later
// A library of XRT whose NPU is the twin, for programs that set nothing up.
#include "twin_executor.h"

namespace xrt_double {

std::shared_ptr<Executor> default_executor() {
  return std::make_shared<npu::testing::TwinExecutor>();
}

}  // namespace xrt_double
