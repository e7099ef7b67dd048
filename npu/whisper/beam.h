// SPDX-License-Identifier: LGPL-2.1-or-later
// Beam search.
// Source: openai/whisper:whisper/decoding.py, BeamSearchDecoder.
#pragma once

#include <vector>

#include "result.h"
#include "whisper/sequence.h"

namespace npu {

struct BeamOptions {
  int beams;       // at most the number of histories
  float patience;  // round(beams * patience), half to even, sequences are finished before it stops
};

// Finished sequences in the order in which they finished, then, if they are fewer than the beams,
// unfinished ones, best first. At least one. results[0] of `search` must have been asked with
// top_k >= beams + 1. Errors: those of Context::run().
Result<std::vector<Sequence>> search_by_beams(const Search& search, const BeamOptions& options);

}  // namespace npu
