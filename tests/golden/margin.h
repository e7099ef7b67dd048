// SPDX-License-Identifier: LGPL-2.1-or-later
// How close a decision was where a transcription leaves the reference's.
#pragma once

#include <span>

#include "difference.h"
#include "golden_line.h"
#include "model/model.h"
#include "result.h"

namespace npu::testing {

// By how much the logits at the first differing token would have to change for the other choice:
// the difference of the two tokens' logits; or, where one is a timestamp and the other is not, that
// of the timestamps' log-sum-exp and the best other logit (rule R4). Replays the window with the
// tokens before it teacher-forced. `difference` must be one of "tokens"; the two transcriptions are
// the same before it. Errors: those of Context::run().
Result<double> choice_margin(const Model& model, const GoldenLine& golden,
                             const Transcription& found, const Difference& difference,
                             std::span<const float> samples);

}  // namespace npu::testing
