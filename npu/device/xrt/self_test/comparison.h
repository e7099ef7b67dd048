// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements of the array's results, byte by byte against what they should be.
#pragma once

#include <functional>

#include "device/xrt/image/layout.h"
#include "device/xrt/image/objects.h"
#include "device/xrt/self_test/expected.h"

namespace npu::array {

// A place in a result and what belongs there.
struct WantedElement {
  size_t row = 0, col = 0;      // of the result's tiles
  size_t shown_row = 0;         // for people: of the recorded value
  std::byte* buffer = nullptr;  // that the tiles are in
  int value = 0;
};

using VisitElement = std::function<void(const WantedElement&)>;

// The elements of a recorded value where its maker has put them.
struct WantedMatrix {
  const Integers* integers = nullptr;
  Tiles to;
  std::byte* buffer = nullptr;
  // Of the first convolution, which gives three matrices of so many rows: odd rows one late, even
  // rows, odd rows. 0: it is one matrix.
  size_t convolved_rows = 0;
  // Of rows of self caches: the cache of each row, and its position in it.
  std::vector<std::byte*> caches;
  std::vector<size_t> positions;
};
void for_each_element(const WantedMatrix& matrix, const VisitElement& visit);

struct Comparison {
  uint64_t bytes = 0, differing = 0;
  std::string first;  // "row 3, column 17: expected 5, found 4"

  // One more pair of values, of `size` bytes each. `where` gives the text of a first difference.
  template <typename Where>
  void add(const void* found, const void* expected, size_t size, const Where& where) {
    bytes += size;
    const auto *a = static_cast<const std::byte*>(found),
               *b = static_cast<const std::byte*>(expected);
    uint64_t wrong = 0;
    for (size_t i = 0; i < size; ++i) wrong += a[i] != b[i];
    if (wrong > 0 && differing == 0) first = where();
    differing += wrong;
  }
};

// Puts another integer in the place of each element, so that one that is not written is seen.
void spoil(const WantedMatrix& matrix);

// Compares each element, and puts what was expected in its place.
void compare(const WantedMatrix& matrix, Comparison& comparison);

// Floats; `row` and `column` of an index are those of rows of `cols`.
void compare(std::span<const float> found, std::span<const float> expected, size_t cols,
             const char* what, Comparison& comparison);

}  // namespace npu::array
