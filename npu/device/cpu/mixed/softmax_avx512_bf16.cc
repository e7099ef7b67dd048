// SPDX-License-Identifier: LGPL-2.1-or-later
// The softmax of the same CPUs as dot_avx512_bf16.cc, whose instructions round to bfloat16 and
// scale by powers of 2.
#include <hwy/base.h>
#include <immintrin.h>

#include "device/cpu/mixed/dot_x86.h"

// gcc 12 warns about what its own intrinsics leave undefined on purpose (its bug 105593).
#if HWY_COMPILER_GCC_ACTUAL
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

namespace npu::cpu {
namespace {

constexpr size_t kLanes = 16;

// Weights of 16 scores, as far as `valid` says.
HWY_INLINE __m512 weights(__mmask16 valid, const float* scores, __m512 reference) {
  // 2^r for |r| <= 1/2, within 1e-4: a twentieth of what rounding to bfloat16 does
  const __m512 x = _mm512_sub_ps(_mm512_loadu_ps(scores), reference);
  const __m512 r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 y = _mm512_set1_ps(0.0558382829f);
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.242639479f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.693136734f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.999924557f));
  return _mm512_maskz_scalef_ps(valid, y, _mm512_sub_ps(x, r));
}

HWY_INLINE void store(__m512 weights, uint16_t* out) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weights)));
}

HWY_INLINE void row(const SoftmaxBlock& b, size_t r) {
  const float* scores = b.scores + r * b.ld_scores;
  uint16_t* out = b.weights + r * b.ld_weights;
  const size_t whole = b.cols / kLanes * kLanes;
  const auto rest = static_cast<__mmask16>((1u << (b.cols - whole)) - 1);
  const __m512 before = _mm512_set1_ps(b.reference[r]);
  __m512 most = before;
  for (size_t c = 0; c < whole; c += kLanes)
    most = _mm512_max_ps(most, _mm512_loadu_ps(scores + c));
  if (rest) most = _mm512_mask_max_ps(most, rest, most, _mm512_loadu_ps(scores + whole));
  __m512 sum = _mm512_loadu_ps(b.sums + r * kSumLanes);
  __m512 reference = before;
  b.rescale[r] = 1;
  const __m512 bound = _mm512_add_ps(before, _mm512_set1_ps(kSoftmaxSlack));
  if (_mm512_cmp_ps_mask(most, bound, _CMP_GT_OQ) != 0) {
    reference = _mm512_set1_ps(_mm512_reduce_max_ps(most));
    const __m512 rescale = _mm512_scalef_ps(_mm512_set1_ps(1), _mm512_sub_ps(before, reference));
    sum = _mm512_mul_ps(sum, rescale);
    b.rescale[r] = _mm512_cvtss_f32(rescale);
    b.reference[r] = _mm512_cvtss_f32(reference);
  }
  for (size_t c = 0; c < whole; c += kLanes) {
    const __m512 y = weights(0xffff, scores + c, reference);
    sum = _mm512_add_ps(sum, y);
    store(y, out + c);
  }
  if (rest) {
    const __m512 y = weights(rest, scores + whole, reference);
    sum = _mm512_add_ps(sum, y);
    store(y, out + whole);
  }
  _mm512_storeu_ps(b.sums + r * kSumLanes, sum);
}

}  // namespace

void avx512_bf16_softmax(const SoftmaxBlock& block) {
  for (size_t r = 0; r < block.rows; ++r) row(block, r);
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
