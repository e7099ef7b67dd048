// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature 0: always the likeliest token.
// Source: openai/whisper:whisper/decoding.py, GreedyDecoder.
#pragma once

#include "whisper/search.h"

namespace npu {

// Uses one history. Checks guesses.
class GreedySearch : public Search {
 public:
  GreedySearch(const Rules& rules, SearchStart start);
  std::vector<Sequence> take_sequences() override;
  size_t guesses() const override { return path_.size() - sequence_.tokens.size(); }

 private:
  size_t live() const override { return 1; }
  void want(ScoreRequest& request) const override { request.top_k = 1; }
  void extend(StepTable& table, size_t guesses) override;
  void choose(std::span<const ScoreResult> results) override;
  int choose_one(const ScoreResult& result);
  void guess();

  Sequence sequence_;
  std::vector<int> path_;  // its tokens, then guesses
  DraftBudget budget_;
};

}  // namespace npu
