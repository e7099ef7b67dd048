// SPDX-License-Identifier: LGPL-2.1-or-later
// Inside the twin a fault is thrown. It leaves at the twin's border as a value.
#pragma once

#include "fault.h"
#include "result.h"

namespace npu::twin {

struct Refusal {
  Fault fault;
};

template <typename... Parts>
[[noreturn]] void refuse(FaultKind kind, size_t operation, size_t word, const Parts&... parts) {
  throw Refusal{{kind, operation, word, text(parts...)}};
}

}  // namespace npu::twin
