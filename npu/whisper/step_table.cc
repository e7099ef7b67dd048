// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/step_table.h"

namespace npu {

void StepTable::clear() {
  rows_.clear();
  requests_.clear();
  parents_.clear();
}

int StepTable::add(const Row& row) {
  rows_.push_back(row);
  return static_cast<int>(rows_.size()) - 1;
}

ScoreRequest& StepTable::ask(int row) {
  requests_.emplace_back().row = row;
  return requests_.back();
}

void StepTable::continue_history(int slot, int parent) {
  while (parents_.size() <= static_cast<size_t>(slot))
    parents_.push_back(static_cast<int>(parents_.size()));
  parents_[static_cast<size_t>(slot)] = parent;
}

}  // namespace npu
