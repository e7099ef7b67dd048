// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature 0: always the likeliest token.
// Source: openai/whisper:whisper/decoding.py, GreedyDecoder.
#pragma once

#include "whisper/search.h"

namespace npu {

// Uses one history.
class GreedySearch : public Search {
 public:
  GreedySearch(const Rules& rules, SearchStart start);
  std::vector<Sequence> take_sequences() override;

 private:
  size_t live() const override { return 1; }
  void want(ScoreRequest& request) const override { request.top_k = 1; }
  void extend(StepTable& table) const override { add_row(table, 0, sequence_.tokens); }
  void choose(std::span<const ScoreResult> results) override;

  Sequence sequence_;
};

}  // namespace npu
