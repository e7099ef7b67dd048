// SPDX-License-Identifier: LGPL-2.1-or-later
// The matrix kernel: tiles of a few rows and columns whose sums stay in registers.
#include <algorithm>

#include "device/cpu/aligned.h"
#include "device/cpu/kernels.h"
#include "device/cpu/unroll.h"

// Vectors whose size the compiler does not know cannot be put into arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/panel_product.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {

// Sums that a tile keeps in registers: 28 of 32, or 12 of 16, leave room for weights and an input.
constexpr size_t kSums = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64 ? 28 : 12;
constexpr size_t kVecs = 2;  // vectors of columns in a tile of many rows
constexpr size_t kTileRows = kSums / kVecs;
constexpr size_t kPanelVecs = kPanelCols / kLanes;

// Applies what follows the product to `sum`, the values of rows row.. and columns col..
HWY_INLINE V finished(const PanelProduct& p, size_t row, size_t col, V y) {
  const D d;
  if (p.row_scale) y = hn::Mul(y, hn::Set(d, p.row_scale[row]));
  if (p.bias) y = hn::Add(y, hn::LoadU(d, p.bias + col));
  if (p.gelu) y = gelu(y);
  if (p.residual) y = hn::Add(y, hn::LoadU(d, p.residual + row * p.ld_residual + col));
  return y;
}

// Writes the sums of a tile. What has to be done to them goes by way of memory, in a loop that is
// not unrolled: it would be 28 copies of GELU.
template <size_t kRows, size_t kCols>
HWY_INLINE void finish(const PanelProduct& p, size_t row, size_t col,
                       const V (&sum)[kRows][kCols]) {
  const D d;
  const bool plain = !p.row_scale && !p.bias && !p.gelu && !p.residual;
  HWY_ALIGN float buffer[kRows * kCols * kLanes];
  float* to = plain ? p.out + row * p.ld_out + col : buffer;
  const size_t stride = plain ? p.ld_out : kCols * kLanes;
  NPU_UNROLL(32)
  for (size_t r = 0; r < kRows; ++r) {
    NPU_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v) hn::StoreU(sum[r][v], d, to + r * stride + v * kLanes);
  }
  if (plain) return;
  for (size_t r = 0; r < kRows; ++r)
    for (size_t c = 0; c < kCols * kLanes; c += kLanes)
      hn::StoreU(finished(p, row + r, col + c, hn::Load(d, buffer + r * stride + c)), d,
                 p.out + (row + r) * p.ld_out + col + c);
}

// Rows row.. and vectors of columns from col. Without complete unrolling, gcc keeps the sums in
// memory.
template <size_t kRows, size_t kCols>
void tile(const PanelProduct& p, size_t row, size_t col) {
  const D d;
  const float* HWY_RESTRICT a = p.a + row * p.lda;
  const float* HWY_RESTRICT b = p.b + col;
  V sum[kRows][kCols];
  NPU_UNROLL(32)
  for (size_t r = 0; r < kRows; ++r) {
    NPU_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v) sum[r][v] = hn::Zero(d);
  }
  for (size_t k = 0; k < p.depth; ++k) {
    V weights[kCols];
    NPU_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v) weights[v] = hn::LoadU(d, b + k * p.ldb + v * kLanes);
    NPU_UNROLL(32)
    for (size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r * p.lda + k]);
      NPU_UNROLL(32)
      for (size_t v = 0; v < kCols; ++v) sum[r][v] = hn::MulAdd(x, weights[v], sum[r][v]);
    }
  }
  finish(p, row, col, sum);
}

// A tile of `rows` rows, as wide as the registers allow: few rows read whole panels, which suits
// the memory.
template <size_t kRows>
void tiles(const PanelProduct& p, size_t row, size_t rows) {
  if (rows == kRows) {
    constexpr size_t kCols = kRows * kPanelVecs <= kSums ? kPanelVecs : kVecs;
    for (size_t v = 0; v < kPanelVecs; v += kCols) tile<kRows, kCols>(p, row, v * kLanes);
  } else if constexpr (kRows > 1) {
    tiles<kRows - 1>(p, row, rows);
  }
}

void MultiplyPanel(const PanelProduct& p) {
  for (size_t row = 0; row < p.rows; row += kTileRows)
    tiles<kTileRows>(p, row, std::min(kTileRows, p.rows - row));
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {

HWY_EXPORT(MultiplyPanel);
void multiply_panel(const PanelProduct& product) {
  HWY_DYNAMIC_DISPATCH(MultiplyPanel)(product);
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
