// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/greedy.h"

namespace npu {

Result<Sequence> search_greedily(const Search& search) {
  Sequence sequence;
  sequence.tokens.reserve(static_cast<size_t>(search.limit));
  ScoreRequest request;
  for (int i = 0; i < search.limit; ++i) {
    if (i > 0) {
      search.rules.apply(sequence.tokens, request);
      const Row row{sequence.tokens.back(), search.initial_tokens + i - 1, 0, 0};
      NPU_TRY(search.inference.step({&row, 1}, {}, {&request, 1}, search.results.first(1),
                                    search.cancel));
    }
    const Choices left = choices(search.results[0]);
    const Candidate best = best_candidate(search.results[0], left);
    sequence.sum_logprob += best.logit - left.log_sum_exp;
    ++search.stats.decoded_tokens;
    // Nothing left to choose from (id -1) ends the text too.
    if (best.id < 0 || best.id == search.rules.special().end_of_text) break;
    sequence.tokens.push_back(best.id);
  }
  return sequence;
}

}  // namespace npu
