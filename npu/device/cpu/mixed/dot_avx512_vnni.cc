// SPDX-License-Identifier: LGPL-2.1-or-later
// Ice Lake, Zen 4 and later: four 8-bit products per lane and instruction, 512 bits wide.
#include <hwy/base.h>
#include <hwy/cache_control.h>
#include <immintrin.h>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_x86.h"
#include "device/cpu/unroll.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#define NPU_DOT_NAMESPACE avx512_vnni
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::avx512_vnni {

struct Int8Dot {
  using Panel = Int8Panel;
  using Sum = __m512i;
  using Weights = __m512i;
  using Input = __m512i;
  static constexpr size_t kLanes = 16, kSums = 28, kVecs = 2, kGroup = 4;

  static HWY_INLINE Sum start(const Panel&, size_t, size_t) { return _mm512_setzero_si512(); }
  static HWY_INLINE Weights weights(const int8_t* from) { return _mm512_loadu_si512(from); }
  static HWY_INLINE Input input(const uint8_t* from) {
    int group;
    __builtin_memcpy(&group, from, sizeof group);
    return _mm512_set1_epi32(group);
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return _mm512_dpbusd_epi32(sum, input, weights);
  }
  static HWY_INLINE void store(Sum sum, int32_t* out) { _mm512_storeu_si512(out, sum); }
};

}  // namespace npu::cpu::avx512_vnni

namespace npu::cpu {

void avx512_vnni_int8(const Int8Panel& panel) {
  avx512_vnni::multiply<avx512_vnni::Int8Dot>(panel);
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
