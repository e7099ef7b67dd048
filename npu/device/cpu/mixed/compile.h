// SPDX-License-Identifier: LGPL-2.1-or-later
// From a recorded list to chains and steps.
#pragma once

#include "device/cpu/mixed/program.h"

namespace npu::cpu {

// Compiles `list`, which has been checked, and packs its weights; `done` is called after each
// operation and may refuse to go on. Errors: those of `source` and `done`.
Result<MixedList> compile_list(const OpList& list, Element element, MixedWeights& weights,
                               WeightSource& source, const std::function<Result<void>()>& done);

}  // namespace npu::cpu
