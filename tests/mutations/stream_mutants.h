// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything that can be wrong in an instruction stream by one field or one operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace npu::testing {

struct Mutant {
  std::string kind;      // what was changed: a row of the table
  std::string where;     // the operation
  size_t operation = 0;  // its index

  enum class Change { kWord, kRemove, kRepeat, kSwapArguments } change = Change::kWord;
  size_t word = 0;  // kWord
  uint32_t value = 0;
  std::pair<unsigned, unsigned> arguments{};  // kSwapArguments
};

// Every field of every descriptor, queue word, patch, mask write and wait one up and one down
// (within its bits, so that 0 also becomes the greatest value), every operation removed and
// repeated, every two of `arguments` buffers swapped.
std::vector<Mutant> mutants_of(const std::vector<uint32_t>& words, unsigned arguments);

// The stream with that change, its header right. kSwapArguments changes no word.
std::vector<uint32_t> apply(const Mutant& mutant, const std::vector<uint32_t>& words);

}  // namespace npu::testing
