// SPDX-License-Identifier: LGPL-2.1-or-later
// The bases in which a quantised network keeps its activations. A few channels of Whisper's
// residual streams and heads are far greater than the others, and with one step per channel at most
// of 8 bits much is lost. An orthogonal basis chosen at random spreads them over all channels; the
// weights that write and read an activation are rotated once, so that it costs nothing to compute
// in. Source: Ashkboos et al., "QuaRot" (2024), and for layer norm in place of RMS norm this: the
// basis of a stream keeps the vector of ones, so that mean and variance of a row stay what they
// are.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace npu::quantised {

// An orthogonal matrix. Immutable.
class Basis {
 public:
  enum class Kind { kStream, kHead };
  // kStream keeps the vector of ones. The same for the same arguments.
  Basis(size_t width, Kind kind);

  size_t width() const { return width_; }
  // Element of the matrix: out[row] = sum of at(row, column) x[column].
  float at(size_t row, size_t column) const { return transposed_[column * width_ + row]; }

  // Each run of width() elements of x becomes itself in this basis; x holds whole runs.
  void rotate(std::span<float> x) const;
  // The rows of a matrix [rows][columns] as one vector for each column, in runs of width() rows.
  void rotate_rows(std::span<float> matrix, size_t columns) const;

 private:
  size_t width_;
  std::vector<float> transposed_;
};

}  // namespace npu::quantised
