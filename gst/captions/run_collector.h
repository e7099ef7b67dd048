// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds out how good the places between words are.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "captions/break_quality.h"
#include "captions/piece.h"

namespace npu::captions {

// Collects pieces until enough text is known to judge the places before them: up to the end of the
// run (of what stands together without a space), or some pieces ahead in a long one. One thread at
// a time.
class RunCollector {
 public:
  // Adds the pieces of a word; moves those whose place is judged to `judged`.
  void add(std::vector<Piece> word, std::vector<Piece>& judged);
  // The stretch of speech ends: moves all that is left.
  void end_stretch(std::vector<Piece>& judged);

  void clear();
  const Piece* first() const { return run_.empty() ? nullptr : &run_.front(); }

 private:
  bool begins_run(const Piece& piece) const;
  void judge(size_t count, std::vector<Piece>& judged);
  void end_run(std::vector<Piece>& judged);
  BreakJudge& judge_of(const std::string& language);

  std::map<std::string, BreakJudge> judges_;
  std::vector<Piece> run_;
  std::string context_;  // text of the run that has been judged already
  BreakQuality run_before_ = BreakQuality::kSentence;  // of the place before the run
  std::optional<LeftSide> left_;                       // of the run
};

}  // namespace npu::captions
