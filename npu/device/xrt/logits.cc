// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/logits.h"

#include <cstring>

#include "quantised/network.h"

namespace npu::array {

void ArrayLogits::compute(size_t panel, size_t panels, float* out, size_t stride) const {
  using kernels::kBlockColumns;
  constexpr float kUnit = 1.0F / (1u << quantised::kLogitBits);
  static_assert(cpu::kPanelCols % kBlockColumns == 0 && kernels::kTile % cpu::kPanelCols == 0);
  for (size_t r = 0; r < requests_.size(); ++r) {
    const auto row = static_cast<unsigned>(static_cast<size_t>(requests_[r].row) - first_row_);
    for (size_t i = 0; i < panels * cpu::kPanelCols; i += kBlockColumns) {
      const size_t token = panel * cpu::kPanelCols + i;
      if (token >= vocabulary_) break;
      const std::byte* from =
          host_ + logits_.place.offset + token / kernels::kTile * logits_.column_step +
          kernels::tile_index(row, static_cast<unsigned>(token % kernels::kTile)) * sizeof(int32_t);
      int32_t scores[kBlockColumns];
      std::memcpy(scores, from, sizeof scores);
      for (size_t c = 0; c < kBlockColumns; ++c)
        out[r * stride + i + c] = kUnit * static_cast<float>(scores[c]);
    }
  }
}

}  // namespace npu::array
