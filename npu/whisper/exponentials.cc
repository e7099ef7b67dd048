// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/exponentials.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whisper/exponentials.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace npu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x = n ln 2 + r; e^r by its series.
template <typename D, typename V = hn::Vec<D>>
HWY_INLINE V exponential(D d, V x) {
  x = hn::Max(x, hn::Set(d, -87.0F));
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504F)));
  const V whole = hn::ConvertTo(d, n);
  // ln 2 in two parts, so that whole times the first is exact.
  V r = hn::NegMulAdd(whole, hn::Set(d, 0.693359375F), x);
  r = hn::MulAdd(whole, hn::Set(d, 2.12194440e-4F), r);
  V series = hn::Set(d, 1.0F / 720);
  for (const float factor : {1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F})
    series = hn::MulAdd(series, r, hn::Set(d, factor));
  const hn::RebindToSigned<D> di;
  const auto power = hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127)));
  return hn::Mul(series, hn::BitCast(d, power));
}

void Exponentials(const float* HWY_RESTRICT x, size_t count, float most, float divisor,
                  float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> wide;
  const hn::CappedTag<float, 1> single;
  const float factor = 1 / divisor;
  size_t i = 0;
  for (; i + hn::Lanes(wide) <= count; i += hn::Lanes(wide)) {
    const auto below = hn::Sub(hn::LoadU(wide, x + i), hn::Set(wide, most));
    hn::StoreU(exponential(wide, hn::Mul(below, hn::Set(wide, factor))), wide, out + i);
  }
  for (; i < count; ++i) {
    const auto below = hn::Set(single, (x[i] - most) * factor);
    hn::StoreU(exponential(single, below), single, out + i);
  }
}

}  // namespace npu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu {

HWY_EXPORT(Exponentials);
void exponentials(const float* x, size_t count, float most, float divisor, float* out) {
  HWY_DYNAMIC_DISPATCH(Exponentials)(x, count, most, divisor, out);
}

}  // namespace npu
#endif  // HWY_ONCE
