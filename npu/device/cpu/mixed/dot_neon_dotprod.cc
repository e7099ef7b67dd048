// SPDX-License-Identifier: LGPL-2.1-or-later
// Cortex-A55 and A76, Neoverse N1, Apple M1 and later: four products of signed bytes per lane and
// instruction. The unsigned bytes of the rows are taken less 128, and the sums start from 128 times
// the column's sum, which costs one more row per panel.
#include <arm_neon.h>
#include <hwy/base.h>
#include <hwy/cache_control.h>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_aarch64.h"
#include "device/cpu/unroll.h"

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")
#define NPU_DOT_NAMESPACE neon_dotprod
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::neon_dotprod {

struct OffsetPanel : Int8Panel {
  int32_t start[kPanelCols];
};

struct Int8Dot {
  using Panel = OffsetPanel;
  using Sum = int32x4_t;
  using Weights = int8x16_t;
  using Input = int8x16_t;
  static constexpr size_t kLanes = 4, kSums = 24, kVecs = 4, kGroup = 4;

  static HWY_INLINE Sum start(const Panel& p, size_t, size_t col) {
    return vld1q_s32(p.start + col);
  }
  static HWY_INLINE Weights weights(const int8_t* from) { return vld1q_s8(from); }
  static HWY_INLINE Input input(const uint8_t* from) {
    uint32_t group;
    __builtin_memcpy(&group, from, sizeof group);
    return vreinterpretq_s8_u32(vdupq_n_u32(group ^ 0x80808080));
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return vdotq_s32(sum, weights, input);
  }
  static HWY_INLINE void store(Sum sum, int32_t* out) { vst1q_s32(out, sum); }
};

OffsetPanel with_offsets(const Int8Panel& panel) {
  constexpr size_t kVecs = kPanelCols / Int8Dot::kLanes;
  OffsetPanel offset{panel, {}};
  int32x4_t sums[kVecs];
  for (int32x4_t& sum : sums) sum = vdupq_n_s32(0);
  const int8x16_t ones = vdupq_n_s8(1);
  for (size_t g = 0; g < panel.groups; ++g)
    for (size_t v = 0; v < kVecs; ++v)
      sums[v] = vdotq_s32(sums[v], vld1q_s8(panel.b + (g * kVecs + v) * 16), ones);
  for (size_t v = 0; v < kVecs; ++v)
    vst1q_s32(offset.start + v * Int8Dot::kLanes, vshlq_n_s32(sums[v], 7));
  return offset;
}

}  // namespace npu::cpu::neon_dotprod

namespace npu::cpu {

void neon_dotprod_int8(const Int8Panel& panel) {
  neon_dotprod::multiply<neon_dotprod::Int8Dot>(neon_dotprod::with_offsets(panel));
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
