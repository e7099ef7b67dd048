// SPDX-License-Identifier: LGPL-2.1-or-later
// Predicted times of recorded streams, without running them: what streams move is counted from
// their words, what cores do from the operations.
#pragma once

#include "estimate.h"
#include "recorded_streams.h"

namespace npu::testing {

struct PredictedStep {
  twin::Prediction time;
  const array::Operation* operation;  // that it belongs to
};

// Each dependent step of the stream. `stream` is borrowed. A failure is one of gtest.
std::vector<PredictedStep> predicted_steps(const RecordedStream& stream,
                                           const twin::Costs& costs = {});

}  // namespace npu::testing
