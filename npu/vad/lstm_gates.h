// SPDX-License-Identifier: LGPL-2.1-or-later
// The element-wise half of an LSTM cell, for the instruction set of the CPU.
#pragma once

#include <cstddef>

namespace npu {

// gates [4][size] before their functions, in the order i, f, g, o; size a multiple of 16:
//   cell   = sigmoid(f) cell + sigmoid(i) tanh(g)
//   hidden = sigmoid(o) tanh(cell)
// Within 1e-6 of the exact functions.
void apply_lstm_gates(const float* gates, size_t size, float* cell, float* hidden);

}  // namespace npu
