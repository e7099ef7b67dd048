// SPDX-License-Identifier: LGPL-2.1-or-later
// A look at what a program computes, for calibration and for measurements of its accuracy.
#pragma once

#include <functional>

#include "device/cpu/aligned.h"
#include "device/op_list.h"

namespace npu::cpu {

// Is shown what operations make, in floats, right after each. `values` may be asked for what the
// operation has just made. Called by whoever replays a list.
class OpObserver {
 public:
  using Values = std::function<Matrix(ValueId)>;
  virtual ~OpObserver() = default;
  virtual void observe(const Op& op, const Values& values) = 0;
};

}  // namespace npu::cpu
