// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/comparison.h"

#include <array>

namespace npu::array {
namespace {

// The bytes of an element that is no logit: of fine forms a byte of each plane.
std::array<std::byte, 2> raw_bytes(const WantedElement& at, const Tiles& tiles, size_t& count) {
  const std::byte* first = at.buffer + element_offset(tiles, at.row, at.col);
  const bool is_wide = tiles.layout == Layout::kResidual || tiles.layout == Layout::kNarrowResidual;
  count = is_wide || is_fine(tiles.layout) ? 2 : 1;
  std::array<std::byte, 2> bytes{first[0]};
  if (is_wide) bytes[1] = first[1];
  if (is_fine(tiles.layout)) bytes[1] = first[tiles.plane_step];
  return bytes;
}

}  // namespace

void for_each_element(const WantedMatrix& matrix, const VisitElement& visit) {
  const Integers& integers = *matrix.integers;
  const auto row = [&](size_t shown, size_t at, std::byte* buffer, bool is_zero) {
    for (size_t c = 0; c < integers.cols; ++c)
      visit({at, c, shown, buffer, is_zero ? 0 : integers.at(shown, c)});
  };
  if (matrix.convolved_rows > 0) {
    for (size_t of = 0; of < 3; ++of)
      for (size_t t = 0; t < integers.rows / 2; ++t) {
        const size_t from = 2 * t + of;  // counted from the row before the first
        row(from == 0 ? 0 : from - 1, of * matrix.convolved_rows + t, matrix.buffer, from == 0);
      }
    return;
  }
  const bool is_appended = matrix.to.layout == Layout::kCacheRows;
  for (size_t r = 0; r < integers.rows; ++r)
    row(r, is_appended ? matrix.positions[r] : r, is_appended ? matrix.caches[r] : matrix.buffer,
        false);
}

void spoil(const WantedMatrix& matrix) {
  // The other integer is one of any form too.
  for_each_element(matrix, [&](const WantedElement& element) {
    put_element(element.buffer, matrix.to, element.row, element.col, element.value ^ 1);
  });
}

void compare(const WantedMatrix& matrix, Comparison& comparison) {
  for_each_element(matrix, [&](const WantedElement& element) {
    size_t count = 0;
    const auto found = raw_bytes(element, matrix.to, count);
    const int integer = array::element(element.buffer, matrix.to, element.row, element.col);
    put_element(element.buffer, matrix.to, element.row, element.col, element.value);
    const auto expected = raw_bytes(element, matrix.to, count);
    comparison.add(found.data(), expected.data(), count, [&] {
      return text("row ", element.shown_row, ", column ", element.col, " (byte ",
                  element_offset(matrix.to, element.row, element.col), " of its buffer): expected ",
                  element.value, ", found ", integer);
    });
  });
}

void compare(std::span<const float> found, std::span<const float> expected, size_t cols,
             const char* what, Comparison& comparison) {
  for (size_t i = 0; i < expected.size(); ++i)
    comparison.add(&found[i], &expected[i], sizeof(float), [&] {
      return text(what, ", row ", i / cols, ", column ", i % cols, ": expected ", expected[i],
                  ", found ", found[i]);
    });
}

}  // namespace npu::array
