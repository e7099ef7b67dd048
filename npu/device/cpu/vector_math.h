// SPDX-License-Identifier: LGPL-2.1-or-later
// exp, erf and GELU of a vector, for inclusion once per instruction set (hence no plain include
// guard). Coefficients: Chebyshev interpolation of the functions named beside them, rounded to f32.
#if defined(NPU_CPU_VECTOR_MATH_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPU_CPU_VECTOR_MATH_H_
#undef NPU_CPU_VECTOR_MATH_H_
#else
#define NPU_CPU_VECTOR_MATH_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, so that two vectors never exceed a panel.
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
inline constexpr size_t kLanes = hn::MaxLanes(D());

// c[0] + c[1] x + ... + c[n-1] x^(n-1)
template <size_t n>
HWY_INLINE V polynomial(V x, const float (&c)[n]) {
  const D d;
  V sum = hn::Set(d, c[n - 1]);
  for (size_t i = n - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

// Where floats are whole numbers: x + kNearest is x rounded to nearest, ties to even, for |x| <
// 2^22, and its lowest 22 bits are those of that number. Takes two instructions less than a
// conversion, which minds what does not fit.
inline constexpr float kNearest = 12582912;  // 1.5 * 2^23
HWY_INLINE V nearest(V x) {
  return hn::Add(x, hn::Set(D(), kNearest));
}

// e^x within 2 ulp for -87.3 <= x <= 88; below that, e^-87.3, which is about 1e-38.
HWY_INLINE V exponential(V x) {
  static constexpr float kExp[] = {1.0f,         1.0f,          0.5f,         0.16666415f,
                                   0.041666351f, 0.0083751259f, 0.0013941108f};
  const D d;
  const hn::RebindToSigned<D> di;
  x = hn::Max(x, hn::Set(d, -87.3f));
  const V raised = nearest(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V n = hn::Sub(raised, hn::Set(d, kNearest));
  // ln 2 in two parts, so that n times the first is exact.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.69140625f), x);
  r = hn::NegMulAdd(n, hn::Set(d, 0.0017409306f), r);
  const auto scale =
      hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::BitCast(di, raised), hn::Set(di, 127))));
  return hn::Mul(polynomial(r, kExp), scale);
}

// The largest of x[0..cols), -inf if there is none.
HWY_INLINE float largest_of(const float* x, size_t cols) {
  constexpr size_t kVecs = 4;  // so that no instruction waits for the one before
  const D d;
  V most[kVecs];
  for (V& v : most) v = hn::Set(d, -std::numeric_limits<float>::infinity());
  size_t c = 0;
  for (; c + kVecs * kLanes <= cols; c += kVecs * kLanes)
    for (size_t v = 0; v < kVecs; ++v) most[v] = hn::Max(most[v], hn::LoadU(d, x + c + v * kLanes));
  for (; c + kLanes <= cols; c += kLanes) most[0] = hn::Max(most[0], hn::LoadU(d, x + c));
  const V all = hn::Max(hn::Max(most[0], most[1]), hn::Max(most[2], most[3]));
  float largest = hn::GetLane(hn::MaxOfLanes(d, all));
  for (; c < cols; ++c) largest = std::max(largest, x[c]);
  return largest;
}

// erf(x) within 4 ulp.
HWY_INLINE V error_function(V x) {
  // erf(t) / t - 1 by t^2 up to t = 0.95
  static constexpr float kSmall[] = {0.12837917f,   -0.37612632f,    0.1128367f,    -0.026857959f,
                                     0.0051974873f, -0.00081029156f, 8.2041697e-05f};
  // log(1 - erf(t)) by t from 0.95 to 4; erf(4) rounds to 1
  static constexpr float kLarge[] = {0.00032186625f, -1.1302419f,     -0.63180953f,
                                     -0.11009724f,   0.026431643f,    -0.0047635096f,
                                     0.00059767725f, -4.6164787e-05f, 1.642679e-06f};
  const D d;
  const V t = hn::Abs(x);
  const V small = hn::MulAdd(x, polynomial(hn::Mul(x, x), kSmall), x);
  const V tail = exponential(polynomial(hn::Min(t, hn::Set(d, 4.0f)), kLarge));
  const V large = hn::CopySignToAbs(hn::Sub(hn::Set(d, 1.0f), tail), x);
  return hn::IfThenElse(hn::Lt(t, hn::Set(d, 0.95f)), small, large);
}

// x/2 (1 + erf(x / sqrt 2)), the exact form
HWY_INLINE V gelu(V x) {
  const D d;
  const V half = hn::Mul(x, hn::Set(d, 0.5f));
  return hn::MulAdd(half, error_function(hn::Mul(x, hn::Set(d, 0.70710678f))), half);
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
