// SPDX-License-Identifier: LGPL-2.1-or-later
// Weights as the CPU device keeps them: each tensor once, in the layout that its kernels read.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "device/cpu/aligned.h"
#include "device/device.h"

namespace npu::cpu {

// A matrix [rows][cols] of a linear, convolution or embedding, in panels of kPanelCols rows:
// data[panel][col][row in panel], the last panel padded with zeros.
struct PackedMatrix {
  size_t rows = 0;
  size_t cols = 0;
  FloatArray data;

  size_t panels() const { return (rows + kPanelCols - 1) / kPanelCols; }
  const float* panel(size_t index) const { return data.data() + index * cols * kPanelCols; }
  float at(size_t row, size_t col) const {
    return panel(row / kPanelCols)[col * kPanelCols + row % kPanelCols];
  }
};

// The weights of a program. Filled by load(), then immutable and thread-safe.
class PackedWeights {
 public:
  // Both read and pack the tensor at its first use, and return the same object later; it lives as
  // long as this one. A convolution's [out][in][3] becomes the matrix [out][3 in], tap by tap.
  Result<const PackedMatrix*> matrix(const WeightRef& ref, WeightSource& source);
  // A vector or table as it is, padded with zeros to whole panels.
  Result<const FloatArray*> plain(const WeightRef& ref, WeightSource& source);

  size_t bytes() const { return bytes_; }

 private:
  std::map<std::string, std::unique_ptr<PackedMatrix>> matrices_;
  std::map<std::string, std::unique_ptr<FloatArray>> plains_;
  size_t bytes_ = 0;
};

}  // namespace npu::cpu
