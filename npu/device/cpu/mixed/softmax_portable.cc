// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_portable.h"

// Vectors whose size the compiler does not know cannot be put into arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/mixed/softmax_portable.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

#include "device/cpu/mixed/bf16_vector.h"
#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {

// 2^x within 4e-6; 2^-126 at least.
HWY_INLINE V power_of_2(V x) {
  static constexpr float kPower[] = {1.0f, 0.693121045f, 0.24022349f, 0.0559219758f,
                                     0.00966636852f};
  const D d;
  x = hn::Max(x, hn::Set(d, -126.0f));
  const auto n = hn::NearestInt(x);
  const V y = polynomial(hn::Sub(x, hn::ConvertTo(d, n)), kPower);
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Add(hn::BitCast(di, y), hn::ShiftLeft<23>(n)));
}

void softmax_row(const SoftmaxBlock& b, size_t r) {
  const D d;
  const float* scores = b.scores + r * b.ld_scores;
  uint16_t* out = b.weights + r * b.ld_weights;
  const size_t whole = b.cols / kLanes * kLanes;
  const auto rest = hn::FirstN(d, b.cols - whole);
  V reference = hn::Set(d, b.reference[r]);
  V most = reference;
  for (size_t c = 0; c < whole; c += kLanes) most = hn::Max(most, hn::LoadU(d, scores + c));
  if (whole < b.cols)
    most = hn::IfThenElse(rest, hn::Max(most, hn::LoadU(d, scores + whole)), most);
  b.rescale[r] = 1;
  float* sums = b.sums + r * kSumLanes;
  const float greatest = hn::GetLane(hn::MaxOfLanes(d, most));
  if (greatest > b.reference[r] + kSoftmaxSlack) {
    b.rescale[r] = hn::GetLane(power_of_2(hn::Set(d, b.reference[r] - greatest)));
    b.reference[r] = greatest;
    reference = hn::Set(d, greatest);
    for (size_t i = 0; i < kSumLanes; i += kLanes)
      hn::StoreU(hn::Mul(hn::LoadU(d, sums + i), hn::Set(d, b.rescale[r])), d, sums + i);
  }
  const auto weights = [&](size_t c, V y) {
    float* sum = sums + c % kSumLanes;
    hn::StoreU(hn::Add(hn::LoadU(d, sum), y), d, sum);
    store_bf16(y, out + c);
  };
  for (size_t c = 0; c < whole; c += kLanes)
    weights(c, power_of_2(hn::Sub(hn::LoadU(d, scores + c), reference)));
  if (whole < b.cols)
    weights(whole,
            hn::IfThenElseZero(rest, power_of_2(hn::Sub(hn::LoadU(d, scores + whole), reference))));
  if (b.cols % 2) out[b.cols] = 0;
}

void PortableSoftmax(const SoftmaxBlock& block) {
  for (size_t r = 0; r < block.rows; ++r) softmax_row(block, r);
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {

HWY_EXPORT(PortableSoftmax);
void portable_softmax(const SoftmaxBlock& block) {
  HWY_DYNAMIC_DISPATCH(PortableSoftmax)(block);
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
