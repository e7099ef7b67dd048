// SPDX-License-Identifier: LGPL-2.1-or-later
// Vectors of bfloat16 in memory, for inclusion once per instruction set (hence no plain include
// guard).
#if defined(NPU_CPU_BF16_VECTOR_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPU_CPU_BF16_VECTOR_H_
#undef NPU_CPU_BF16_VECTOR_H_
#else
#define NPU_CPU_BF16_VECTOR_H_
#endif

#include <hwy/highway.h>

#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {

using DU = hn::RebindToUnsigned<D>;
using D16 = hn::Rebind<uint16_t, D>;

// The bits of x rounded to bfloat16, to nearest even, in the lower half of each lane.
HWY_INLINE hn::Vec<DU> rounded_bf16(V x) {
  const DU d;
  const auto bits = hn::BitCast(d, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  return hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7fff))));
}

HWY_INLINE void store_bf16(V x, uint16_t* out) {
  // As signed, which saturates nothing: the halves are below 2^16.
  const hn::RebindToSigned<D> di;
  hn::StoreU(hn::DemoteTo(D16(), hn::BitCast(di, rounded_bf16(x))), D16(), out);
}

HWY_INLINE V load_bf16(const uint16_t* from) {
  const auto wide = hn::PromoteTo(DU(), hn::LoadU(D16(), from));
  return hn::BitCast(D(), hn::ShiftLeft<16>(wide));
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
