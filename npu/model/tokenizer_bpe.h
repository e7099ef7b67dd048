// SPDX-License-Identifier: LGPL-2.1-or-later
// The second half of encoding: the bytes of a piece are merged into tokens.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "result.h"

namespace npu {

// Ids of tokens by their bytes, and merging by them. Immutable and thread-safe.
class BytePairMerger {
 public:
  // Borrows `tokens` (bytes by id), which must outlive this. Errors: kBadModel (one of the 256
  // bytes, without which not every text can be encoded, has no token).
  static Result<BytePairMerger> create(const std::vector<std::string>& tokens);

  // Appends the ids of `piece` to `ids`: from single bytes on, the adjacent pair whose
  // concatenation has the lowest id is merged, the leftmost of equal ones first, until no pair is a
  // token. O(n log n) in the length of the piece.
  void merge(std::string_view piece, std::vector<int>& ids) const;

  // Id of the token that is exactly these bytes, or -1.
  int find(std::string_view bytes) const;

 private:
  BytePairMerger() = default;

  std::unordered_map<std::string_view, int> ids_;
  size_t longest_bytes_ = 0;
};

}  // namespace npu
