// SPDX-License-Identifier: LGPL-2.1-or-later
#include "twin_executor.h"

namespace xrt_double {

std::shared_ptr<Executor> default_executor() {
  return std::make_shared<TwinExecutor>();
}

}  // namespace xrt_double
