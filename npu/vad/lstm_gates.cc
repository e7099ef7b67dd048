// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/lstm_gates.h"

// Vectors whose size the compiler does not know: see device/cpu/kernels.cc.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "vad/lstm_gates.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace math = cpu::HWY_NAMESPACE;

// 1 / (1 + e^-x); e^88 is the largest power that the exponential knows.
HWY_INLINE math::V sigmoid(math::V x) {
  const math::D d;
  const auto one = hn::Set(d, 1.0f);
  const auto power = math::exponential(hn::Min(hn::Neg(x), hn::Set(d, 88.0f)));
  return hn::Div(one, hn::Add(one, power));
}

HWY_INLINE math::V hyperbolic_tangent(math::V x) {
  const math::D d;
  const auto two = hn::Set(d, 2.0f);
  return hn::MulSub(two, sigmoid(hn::Mul(two, x)), hn::Set(d, 1.0f));
}

void ApplyLstmGates(const float* gates, size_t size, float* cell, float* hidden) {
  const math::D d;
  for (size_t i = 0; i < size; i += math::kLanes) {
    const auto input = sigmoid(hn::LoadU(d, gates + i));
    const auto forget = sigmoid(hn::LoadU(d, gates + size + i));
    const auto candidate = hyperbolic_tangent(hn::LoadU(d, gates + 2 * size + i));
    const auto output = sigmoid(hn::LoadU(d, gates + 3 * size + i));
    const auto state = hn::MulAdd(forget, hn::LoadU(d, cell + i), hn::Mul(input, candidate));
    hn::StoreU(state, d, cell + i);
    hn::StoreU(hn::Mul(output, hyperbolic_tangent(state)), d, hidden + i);
  }
}

}  // namespace npu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu {

HWY_EXPORT(ApplyLstmGates);
void apply_lstm_gates(const float* gates, size_t size, float* cell, float* hidden) {
  HWY_DYNAMIC_DISPATCH(ApplyLstmGates)(gates, size, cell, hidden);
}

}  // namespace npu
#endif  // HWY_ONCE
