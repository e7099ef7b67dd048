// SPDX-License-Identifier: LGPL-2.1-or-later
// One decode step in the making: what several searches want of it, gathered into one row table.
#pragma once

#include <span>
#include <vector>

#include "device/device.h"

namespace npu {

// Keeps its memory from step to step. Not thread-safe.
class StepTable {
 public:
  void clear();

  // Adds a row and returns its index. Rows of one self slot must come in order of position.
  int add(const Row& row);
  // Asks for scores of row `row`; the caller fills the request in. Valid until the next ask().
  ScoreRequest& ask(int row);
  // Self slot `slot` continues the history of `parent` from this step on.
  void continue_history(int slot, int parent);

  std::span<const Row> rows() const { return rows_; }
  std::span<const ScoreRequest> requests() const { return requests_; }
  // As Replay::self_parents; empty if every slot goes on as it is.
  std::span<const int> parents() const { return parents_; }

 private:
  std::vector<Row> rows_;
  std::vector<ScoreRequest> requests_;
  std::vector<int> parents_;
};

}  // namespace npu
