// SPDX-License-Identifier: LGPL-2.1-or-later
// Neoverse V1 and N2, Cortex-A710, Apple M2 and later: four products of an unsigned and a signed
// byte per lane and instruction.
#include <arm_neon.h>
#include <hwy/base.h>
#include <hwy/cache_control.h>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_aarch64.h"
#include "device/cpu/unroll.h"

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod+i8mm")
#define NPU_DOT_NAMESPACE neon_i8mm
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::neon_i8mm {

struct Int8Dot {
  using Panel = Int8Panel;
  using Sum = int32x4_t;
  using Weights = int8x16_t;
  using Input = uint8x16_t;
  static constexpr size_t kLanes = 4, kSums = 24, kVecs = 4, kGroup = 4;

  static HWY_INLINE Sum start(const Panel&, size_t, size_t) { return vdupq_n_s32(0); }
  static HWY_INLINE Weights weights(const int8_t* from) { return vld1q_s8(from); }
  static HWY_INLINE Input input(const uint8_t* from) {
    uint32_t group;
    __builtin_memcpy(&group, from, sizeof group);
    return vreinterpretq_u8_u32(vdupq_n_u32(group));
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return vusdotq_s32(sum, input, weights);
  }
  static HWY_INLINE void store(Sum sum, int32_t* out) { vst1q_s32(out, sum); }
};

}  // namespace npu::cpu::neon_i8mm

namespace npu::cpu {

void neon_i8mm_int8(const Int8Panel& panel) {
  neon_i8mm::multiply<neon_i8mm::Int8Dot>(panel);
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
