// SPDX-License-Identifier: LGPL-2.1-or-later
// The last linear of the decoder and what the decoding rules want to know of it.
#pragma once

#include <span>

#include "device/cpu/packed.h"
#include "device/cpu/pool.h"

namespace npu::cpu {

// Fills `results` for `requests` from the logits in tokens^T. False if it was interrupted.
bool score_rows(const Matrix& in, const PackedMatrix& tokens,
                std::span<const ScoreRequest> requests, std::span<ScoreResult> results, Turn& turn);

}  // namespace npu::cpu
