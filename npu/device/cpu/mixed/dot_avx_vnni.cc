// SPDX-License-Identifier: LGPL-2.1-or-later
// Alder Lake and later without AVX-512: the same instruction, 256 bits wide.
#include <hwy/base.h>
#include <hwy/cache_control.h>
#include <immintrin.h>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_x86.h"
#include "device/cpu/unroll.h"

HWY_PUSH_ATTRIBUTES("avx2,fma,avxvnni")
#define NPU_DOT_NAMESPACE avx_vnni
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::avx_vnni {

struct Int8Dot {
  using Panel = Int8Panel;
  using Sum = __m256i;
  using Weights = __m256i;
  using Input = __m256i;
  static constexpr size_t kLanes = 8, kSums = 12, kVecs = 2, kGroup = 4;

  static HWY_INLINE Sum start(const Panel&, size_t, size_t) { return _mm256_setzero_si256(); }
  static HWY_INLINE Weights weights(const int8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static HWY_INLINE Input input(const uint8_t* from) {
    int group;
    __builtin_memcpy(&group, from, sizeof group);
    return _mm256_set1_epi32(group);
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return _mm256_dpbusd_avx_epi32(sum, input, weights);
  }
  static HWY_INLINE void store(Sum sum, int32_t* out) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), sum);
  }
};

}  // namespace npu::cpu::avx_vnni

namespace npu::cpu {

void avx_vnni_int8(const Int8Panel& panel) {
  avx_vnni::multiply<avx_vnni::Int8Dot>(panel);
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
