// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature 0: always the likeliest token.
// Source: openai/whisper:whisper/decoding.py, GreedyDecoder.
#pragma once

#include "result.h"
#include "whisper/sequence.h"

namespace npu {

// results[0] of `search` must have been asked with top_k >= 1. Errors: those of Context::run().
Result<Sequence> search_greedily(const Search& search);

}  // namespace npu
