// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPUs of dot_neon_i8mm.cc: two products of bfloat16 per lane and instruction, sums in f32.
#include <arm_neon.h>
#include <hwy/base.h>
#include <hwy/cache_control.h>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_aarch64.h"
#include "device/cpu/unroll.h"

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+bf16")
#define NPU_DOT_NAMESPACE neon_bf16
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::neon_bf16 {

struct Bf16Dot {
  using Panel = Bf16Panel;
  using Sum = float32x4_t;
  using Weights = bfloat16x8_t;
  using Input = bfloat16x8_t;
  static constexpr size_t kLanes = 4, kSums = 24, kVecs = 4, kGroup = 2;

  static HWY_INLINE Sum start(const Panel& p, size_t row, size_t col) {
    if (!p.row_scale) return vdupq_n_f32(0);
    return vmulq_n_f32(vld1q_f32(p.out + row * p.ld_out + col), p.row_scale[row]);
  }
  static HWY_INLINE Weights weights(const uint16_t* from) {
    return vreinterpretq_bf16_u16(vld1q_u16(from));
  }
  static HWY_INLINE Input input(const uint16_t* from) {
    uint32_t group;
    __builtin_memcpy(&group, from, sizeof group);
    return vreinterpretq_bf16_u32(vdupq_n_u32(group));
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return vbfdotq_f32(sum, input, weights);
  }
  static HWY_INLINE void store(Sum sum, float* out) { vst1q_f32(out, sum); }
};

}  // namespace npu::cpu::neon_bf16

namespace npu::cpu {

void neon_bf16_product(const Bf16Panel& panel) {
  neon_bf16::multiply<neon_bf16::Bf16Dot>(panel);
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
