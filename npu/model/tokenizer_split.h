// SPDX-License-Identifier: LGPL-2.1-or-later
// The first half of encoding: text is cut into the pieces inside which byte pairs are merged.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "result.h"

namespace npu {

// GPT-2's splitting: contractions, words with the space before them, numbers, other characters,
// white space. Immutable and thread-safe.
class PieceSplitter {
 public:
  // Errors: kInternal (the regular expression library refuses the pattern).
  static Result<std::unique_ptr<PieceSplitter>> create();
  ~PieceSplitter();

  // Pieces of `text`, in order and without gaps: views into it. Runs of bytes that are not UTF-8
  // are pieces of their own. Linear in the length.
  std::vector<std::string_view> split(std::string_view text) const;

 private:
  struct Pattern;
  explicit PieceSplitter(std::unique_ptr<Pattern> pattern);
  void split_valid(std::string_view text, std::vector<std::string_view>& pieces) const;

  std::unique_ptr<const Pattern> pattern_;
};

}  // namespace npu
