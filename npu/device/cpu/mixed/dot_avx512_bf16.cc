// SPDX-License-Identifier: LGPL-2.1-or-later
// Cooper Lake, Zen 4 and later: two bfloat16 products per lane and instruction, 512 bits wide.
#include <hwy/base.h>
#include <hwy/cache_control.h>
#include <immintrin.h>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_x86.h"
#include "device/cpu/unroll.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
#define NPU_DOT_NAMESPACE avx512_bf16
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::avx512_bf16 {

struct Bf16Dot {
  using Panel = Bf16Panel;
  using Sum = __m512;
  using Weights = __m512bh;
  using Input = __m512bh;
  static constexpr size_t kLanes = 16, kSums = 28, kVecs = 2, kGroup = 2;

  static HWY_INLINE Sum start(const Panel& p, size_t row, size_t col) {
    if (!p.row_scale) return _mm512_setzero_ps();
    return _mm512_mul_ps(_mm512_loadu_ps(p.out + row * p.ld_out + col),
                         _mm512_set1_ps(p.row_scale[row]));
  }
  static HWY_INLINE Weights weights(const uint16_t* from) {
    return reinterpret_cast<Weights>(_mm512_loadu_si512(from));
  }
  static HWY_INLINE Input input(const uint16_t* from) {
    int group;
    __builtin_memcpy(&group, from, sizeof group);
    return reinterpret_cast<Input>(_mm512_set1_epi32(group));
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return _mm512_dpbf16_ps(sum, input, weights);
  }
  static HWY_INLINE void store(Sum sum, float* out) { _mm512_storeu_ps(out, sum); }
};

}  // namespace npu::cpu::avx512_bf16

namespace npu::cpu {

void avx512_bf16_product(const Bf16Panel& panel) {
  avx512_bf16::multiply<avx512_bf16::Bf16Dot>(panel);
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
