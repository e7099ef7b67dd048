// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/packed.h"

#include <vector>

namespace npu::cpu {
namespace {

// Copies row-major [rows][taps in] or, with taps > 1, [rows][in][taps] into panels.
void pack(const std::vector<float>& from, size_t taps, PackedMatrix& to) {
  const size_t in = to.cols / taps;
  for (size_t row = 0; row < to.rows; ++row) {
    float* panel = to.data.data() + row / kPanelCols * to.cols * kPanelCols + row % kPanelCols;
    const float* source = from.data() + row * to.cols;
    for (size_t tap = 0; tap < taps; ++tap)
      for (size_t i = 0; i < in; ++i) panel[(tap * in + i) * kPanelCols] = source[i * taps + tap];
  }
}

}  // namespace

Result<const PackedMatrix*> PackedWeights::matrix(const WeightRef& ref, WeightSource& source) {
  auto& entry = matrices_[ref.name];
  if (!entry) {
    std::vector<float> values(ref.shape.elements());
    NPU_TRY(source.read(ref, values));
    const size_t taps = ref.shape.rank() == 3 ? ref.shape[2] : 1;
    auto matrix = std::make_unique<PackedMatrix>();
    matrix->rows = ref.shape[0];
    matrix->cols = ref.shape[1] * taps;
    matrix->data = FloatArray(matrix->panels() * kPanelCols * matrix->cols);
    pack(values, taps, *matrix);
    bytes_ += matrix->data.size() * sizeof(float);
    entry = std::move(matrix);
  }
  return entry.get();
}

Result<const FloatArray*> PackedWeights::plain(const WeightRef& ref, WeightSource& source) {
  auto& entry = plains_[ref.name];
  if (!entry) {
    auto array = std::make_unique<FloatArray>(round_up(ref.shape.elements(), kPanelCols));
    NPU_TRY(source.read(ref, {array->data(), ref.shape.elements()}));
    bytes_ += array->size() * sizeof(float);
    entry = std::move(array);
  }
  return entry.get();
}

}  // namespace npu::cpu
