// SPDX-License-Identifier: LGPL-2.1-or-later
// Shapes, and views of dense row-major data in host memory.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <span>
#include <vector>

namespace npu {

// Extents, outermost first; at most four. Printed as [512, 80, 3].
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<size_t> extents) : extents_(extents) {}
  explicit Shape(std::vector<size_t> extents) : extents_(std::move(extents)) {}

  size_t rank() const { return extents_.size(); }
  size_t operator[](size_t axis) const { return extents_[axis]; }
  std::span<const size_t> extents() const { return extents_; }
  // Product of the extents; 1 for rank 0. Readers check for overflow before they build a Shape.
  size_t elements() const {
    size_t product = 1;
    for (size_t extent : extents_) product *= extent;
    return product;
  }
  bool operator==(const Shape&) const = default;

 private:
  std::vector<size_t> extents_;
};

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (size_t axis = 0; axis < shape.rank(); ++axis) out << (axis ? ", " : "") << shape[axis];
  return out << ']';
}

}  // namespace npu
