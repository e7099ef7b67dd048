// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's timeline contract (docs/elements.md, "Timeline") as a check on what came out.
#pragma once

#include <vector>

#include "element_fixture.h"

namespace npu::testing {

// Cues and gaps follow each other without holes or overlap from `start` on, all last, gaps are
// flagged and at most 0.5 s, and texts are fit for subtitle files. A segment begins anew where it
// says.
void expect_contract(const std::vector<Output>& outputs, GstClockTime start);

// Only those of a kind; GST_EVENT_UNKNOWN: buffers.
std::vector<Output> only(std::vector<Output> outputs, GstEventType event);

// "PTS duration text" of each buffer.
std::vector<std::string> summary(const std::vector<Output>& outputs);

}  // namespace npu::testing
