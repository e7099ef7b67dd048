// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/kernels.h"

#include <algorithm>
#include <cmath>

#include "device/cpu/aligned.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace npu::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr size_t kLanes = hn::MaxLanes(D());
constexpr size_t kVecs = 2;
constexpr size_t kTileRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

template <size_t kRows>
HWY_INLINE void tile(const float* a, size_t lda, const float* b, size_t ldb, size_t depth,
                     float* out, size_t ld_out) {
  const D d;
  V sum[kRows][kVecs];
  for (size_t r = 0; r < kRows; ++r)
    for (size_t v = 0; v < kVecs; ++v) sum[r][v] = hn::Zero(d);
  for (size_t k = 0; k < depth; ++k) {
    V weights[kVecs];
    for (size_t v = 0; v < kVecs; ++v) weights[v] = hn::LoadU(d, b + k * ldb + v * kLanes);
    for (size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r * lda + k]);
      for (size_t v = 0; v < kVecs; ++v) sum[r][v] = hn::MulAdd(x, weights[v], sum[r][v]);
    }
  }
  for (size_t r = 0; r < kRows; ++r)
    for (size_t v = 0; v < kVecs; ++v) hn::StoreU(sum[r][v], d, out + r * ld_out + v * kLanes);
}

template <size_t kRows>
HWY_INLINE void tiles(size_t rows, const float* a, size_t lda, const float* b, size_t ldb,
                      size_t depth, float* out, size_t ld_out) {
  if (rows == kRows) return tile<kRows>(a, lda, b, ldb, depth, out, ld_out);
  if constexpr (kRows > 1) tiles<kRows - 1>(rows, a, lda, b, ldb, depth, out, ld_out);
}

void MultiplyPanel(const PanelProduct& p) {
  for (size_t c = 0; c < kPanelCols; c += kVecs * kLanes)
    for (size_t r = 0; r < p.rows; r += kTileRows)
      tiles<kTileRows>(std::min(kTileRows, p.rows - r), p.a + r * p.lda, p.lda, p.b + c, p.ldb,
                       p.depth, p.out + r * p.ld_out + c, p.ld_out);
}

float Dot(const float* a, const float* b, size_t cols) {
  const D d;
  V sum = hn::Zero(d);
  size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes)
    sum = hn::MulAdd(hn::LoadU(d, a + c), hn::LoadU(d, b + c), sum);
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; c < cols; ++c) total += a[c] * b[c];
  return total;
}

void AddScaled(float* out, const float* in, size_t cols, float factor) {
  const D d;
  const V f = hn::Set(d, factor);
  size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes)
    hn::StoreU(hn::MulAdd(f, hn::LoadU(d, in + c), hn::LoadU(d, out + c)), d, out + c);
  for (; c < cols; ++c) out[c] += factor * in[c];
}

const char* Name() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace npu::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {
HWY_EXPORT(MultiplyPanel);
HWY_EXPORT(Dot);
HWY_EXPORT(AddScaled);
HWY_EXPORT(Name);

void multiply_panel(const PanelProduct& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyPanel)(product);
}
float dot(const float* a, const float* b, size_t cols) {
  return HWY_DYNAMIC_DISPATCH(Dot)(a, b, cols);
}
void add_scaled(float* out, const float* in, size_t cols, float factor) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(out, in, cols, factor);
}
const char* instruction_set() {
  return HWY_DYNAMIC_DISPATCH(Name)();
}

void finish_row(float* x, size_t cols, const float* bias, bool gelu, const float* residual) {
  for (size_t c = 0; c < cols; ++c) {
    float y = x[c] + (bias ? bias[c] : 0.0f);
    if (gelu) y = 0.5f * y * (1.0f + std::erf(y * 0.70710678f));
    x[c] = residual ? y + residual[c] : y;
  }
}

void layer_norm_row(const float* in, float* out, size_t cols, const float* gain,
                    const float* bias) {
  double sum = 0;
  for (size_t c = 0; c < cols; ++c) sum += in[c];
  const double mean = sum / static_cast<double>(cols);
  double squares = 0;
  for (size_t c = 0; c < cols; ++c) squares += (in[c] - mean) * (in[c] - mean);
  const double scale = 1 / std::sqrt(squares / static_cast<double>(cols) + 1e-5);
  for (size_t c = 0; c < cols; ++c)
    out[c] = static_cast<float>((in[c] - mean) * scale) * gain[c] + bias[c];
}

void softmax_row(float* x, size_t cols, float scale) {
  float max = -INFINITY;
  for (size_t c = 0; c < cols; ++c) max = std::max(max, x[c] * scale);
  double sum = 0;
  for (size_t c = 0; c < cols; ++c) sum += x[c] = std::exp(x[c] * scale - max);
  const float factor = static_cast<float>(1 / sum);
  for (size_t c = 0; c < cols; ++c) x[c] *= factor;
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
