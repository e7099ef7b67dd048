// SPDX-License-Identifier: LGPL-2.1-or-later
// Beam search.
// Source: openai/whisper:whisper/decoding.py, BeamSearchDecoder.
#pragma once

#include <vector>

#include "whisper/search.h"

namespace npu {

struct BeamOptions {
  int beams;       // histories that it uses
  float patience;  // round(beams * patience), half to even, sequences are finished before it stops
};

class BeamSearch : public Search {
 public:
  BeamSearch(const Rules& rules, SearchStart start, const BeamOptions& options);
  // Finished sequences in the order in which they finished, then, if they are fewer than the beams,
  // unfinished ones, best first.
  std::vector<Sequence> take_sequences() override;

 private:
  struct Offer {
    size_t beam;
    int id;
    float score;
    size_t order;  // in which it was made; ties go to the earlier
  };

  size_t live() const override { return live_; }
  void want(ScoreRequest& request) const override;
  void extend(StepTable& table, size_t guesses) override;
  void choose(std::span<const ScoreResult> results) override;
  void collect_offers(std::span<const ScoreResult> results);
  void advance();

  size_t width_;
  size_t wanted_;    // finished sequences
  size_t live_ = 1;  // all beams are equal before the first token: one stands for all of them
  int steps_left_;
  std::vector<Sequence> beams_;  // the first live_ of them; beam i is history i
  std::vector<Sequence> next_;
  std::vector<Sequence> finished_;
  std::vector<int> parents_;  // of the beams, as histories before the last choice
  std::vector<Candidate> candidates_;
  std::vector<Offer> offers_;
};

}  // namespace npu
