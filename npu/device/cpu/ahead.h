// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that is read next is fetched while something else computes; else it would rest meanwhile.
#pragma once

#include <algorithm>
#include <cstddef>

#include "device/cpu/aligned.h"

namespace npu::cpu {

// What to fetch. It changes no result, and need not exist.
struct Ahead {
  const void* data = nullptr;
  size_t lines = 0;  // cache lines

  // The index-th of `count` parts.
  Ahead part(size_t index, size_t count) const {
    const size_t begin = lines * index / count, end = lines * (index + 1) / count;
    return {static_cast<const char*>(data) + begin * kCacheLine, end - begin};
  }
};

// Fetches it in `steps` steps, so that requests are always under way, but no more than the CPU can
// wait for.
class Fetcher {
 public:
  Fetcher(const Ahead& ahead, size_t steps)
      : next_(static_cast<const char*>(ahead.data)),
        lines_(ahead.lines),
        per_step_((ahead.lines + steps - 1) / std::max(steps, size_t{1})) {}

  void step() {
    const size_t lines = std::min(per_step_, lines_);
    for (size_t line = 0; line < lines; ++line) __builtin_prefetch(next_ + line * kCacheLine, 0, 3);
    next_ += lines * kCacheLine;
    lines_ -= lines;
  }

 private:
  const char* next_;
  size_t lines_;
  size_t per_step_;
};

}  // namespace npu::cpu
