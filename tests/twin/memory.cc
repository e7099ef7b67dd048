// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory.h"

#include <algorithm>
#include <bit>

namespace npu::twin {
namespace {

// The bits of a map's word `at` that lie in first to first + count - 1.
uint64_t mask_of(size_t at, size_t first, size_t count) {
  const size_t begin = std::max(at * 64, first), end = std::min(at * 64 + 64, first + count);
  const uint64_t ones = end - begin == 64 ? ~uint64_t{0} : (uint64_t{1} << (end - begin)) - 1;
  return ones << begin % 64;
}

}  // namespace

std::optional<size_t> WordMap::unset(size_t first, size_t count) const {
  for (size_t at = first / 64; count > 0 && at <= (first + count - 1) / 64; ++at) {
    const uint64_t missing = ~bits_[at] & mask_of(at, first, count);
    if (missing != 0) return at * 64 + static_cast<size_t>(std::countr_zero(missing));
  }
  return std::nullopt;
}

void WordMap::change(size_t first, size_t count, bool to) {
  for (size_t at = first / 64; count > 0 && at <= (first + count - 1) / 64; ++at) {
    const uint64_t mask = mask_of(at, first, count);
    bits_[at] = to ? bits_[at] | mask : bits_[at] & ~mask;
  }
}

void normalise(std::vector<Range>* ranges) {
  std::sort(ranges->begin(), ranges->end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  size_t kept = 0;
  for (const Range& range : *ranges) {
    if (kept > 0 && range.begin <= (*ranges)[kept - 1].end) {
      (*ranges)[kept - 1].end = std::max((*ranges)[kept - 1].end, range.end);
    } else {
      (*ranges)[kept++] = range;
    }
  }
  ranges->resize(kept);
}

std::vector<Range> intersection(const std::vector<Range>& a, const std::vector<Range>& b) {
  std::vector<Range> both;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Range common = {std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
    if (common.begin < common.end) both.push_back(common);
    if (a[i].end < b[j].end) {
      ++i;
    } else {
      ++j;
    }
  }
  return both;
}

}  // namespace npu::twin
