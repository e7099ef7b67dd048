// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/float_logits.h"

#include <cstring>

#include "device/cpu/kernels.h"

namespace npu::cpu {

void FloatLogits::begin(const Matrix& in, std::span<const ScoreRequest> requests) {
  const size_t wanted = kScoreRows * row_stride(in.cols);
  if (inputs_.size() < wanted) inputs_ = FloatArray(wanted);
  rows_ = {inputs_.data(), row_stride(in.cols), requests.size(), in.cols};
  for (size_t r = 0; r < requests.size(); ++r)
    std::memcpy(rows_.row(r), in.row(static_cast<size_t>(requests[r].row)),
                in.cols * sizeof(float));
}

void FloatLogits::compute(size_t panel, size_t panels, float* out, size_t stride) const {
  for (size_t p = 0; p < panels; ++p)
    multiply_panel({rows_.data, rows_.stride, rows_.rows, tokens_.panel(panel + p), kPanelCols,
                    rows_.cols, out + p * kPanelCols, stride});
}

}  // namespace npu::cpu
