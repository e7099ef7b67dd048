// SPDX-License-Identifier: LGPL-2.1-or-later
// The dot products as loops, for CPUs without any vector instruction that Highway uses. For
// inclusion where HWY_NAMESPACE is the scalar one (hence no include guard).

namespace npu::cpu::HWY_NAMESPACE {

void PortableInt8(const Int8Panel& p) {
  for (size_t r = 0; r < p.rows; ++r)
    for (size_t c = 0; c < kPanelCols; ++c) {
      int32_t sum = 0;
      for (size_t g = 0; g < p.groups; ++g)
        for (size_t i = 0; i < 4; ++i)
          sum += p.a[r * p.lda + 4 * g + i] * p.b[(g * kPanelCols + c) * 4 + i];
      p.out[r * p.ld_out + c] = sum;
    }
}

void PortableBf16(const Bf16Panel& p) {
  for (size_t r = 0; r < p.rows; ++r)
    for (size_t c = 0; c < kPanelCols; ++c) {
      float& out = p.out[r * p.ld_out + c];
      float sum = p.row_scale ? out * p.row_scale[r] : 0.0f;
      for (size_t g = 0; g < p.groups; ++g)
        for (size_t i = 0; i < 2; ++i)
          sum += bfloat16_to_float(p.a[r * p.lda + 2 * g + i]) *
                 bfloat16_to_float(p.b[(g * kPanelCols + c) * 2 + i]);
      out = sum;
    }
}

}  // namespace npu::cpu::HWY_NAMESPACE
