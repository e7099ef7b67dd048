// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/mixed_logits.h"

#include <algorithm>

namespace npu::cpu {
namespace {

// Bytes of weights that arrive while a chunk of a row is reduced; all of them have room in a
// second-level cache.
constexpr size_t kAheadPerRow = 8 << 10, kMostAhead = 96 << 10;

}  // namespace

void MixedLogits::begin(const Matrix& in, std::span<const ScoreRequest> requests) {
  rows_ = requests.size();
  for (size_t r = 0; r < rows_; ++r) {
    const float* x = in.row(static_cast<size_t>(requests[r].row));
    if (tokens_.column.size() > 0) {
      for (size_t c = 0; c < in.cols; ++c) row_[c] = x[c] * tokens_.column.data()[c];
      x = row_;
    }
    prepare_row(x, in.cols, prepared_, r);
  }
}

void MixedLogits::compute(size_t panel, size_t panels, float* out, size_t stride) const {
  alignas(64) int32_t sums[sums_size(kScoreRows)];
  for (size_t p = 0; p < panels; ++p) {
    PanelFinish finish{rows_, nullptr, false, nullptr, 0, out + p * kPanelCols, stride};
    multiply_prepared(dot_, tokens_, panel + p, prepared_, sums, finish);
  }
}

Ahead MixedLogits::ahead(size_t panel) const {
  return tokens_.ahead(panel, std::min(kMostAhead, rows_ * kAheadPerRow));
}

}  // namespace npu::cpu
