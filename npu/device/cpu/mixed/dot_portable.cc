// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/dot_portable.h"

#include "device/cpu/aligned.h"
#include "device/cpu/unroll.h"
#include "half.h"

// Vectors whose size the compiler does not know cannot be put into arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/mixed/dot_portable.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
#if HWY_TARGET == HWY_SCALAR
#include "device/cpu/mixed/dot_plain-inl.h"
#else
#undef NPU_DOT_NAMESPACE
#define NPU_DOT_NAMESPACE HWY_NAMESPACE
#include "device/cpu/mixed/dot-inl.h"

namespace npu::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, 16>;
using DI = hn::RebindToSigned<DF>;
using D16 = hn::Repartition<int16_t, DI>;
using D8 = hn::Repartition<int8_t, DI>;
using VF = hn::Vec<DF>;
using VI = hn::Vec<DI>;
using V16 = hn::Vec<D16>;

// 16 or 32 registers.
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64;

// Whether ReorderWidenMulAccumulate adds neighbouring products into one lane, as on x86, or the
// lower half's into the first sum and the upper half's into the second.
constexpr bool kAddsNeighbours = HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3;

HWY_INLINE VI broadcast(const void* group) {
  int32_t bits;
  __builtin_memcpy(&bits, group, sizeof bits);
  return hn::Set(DI(), bits);
}

// Elements of a group by their place, even and odd. The constructors are written out because gcc
// compiles those that it makes up for no target.
template <typename V>
struct Halves {
  HWY_INLINE Halves() {}
  HWY_INLINE Halves(V a, V b) : even(a), odd(b) {}
  V even, odd;
};

struct Int8Dot {
  using Panel = Int8Panel;
  struct Sum {
    HWY_INLINE Sum() {}
    HWY_INLINE Sum(VI a, VI b) : first(a), second(b) {}
    VI first, second;
  };
  using Weights = Halves<V16>;  // 16-bit lanes of bytes 0 and 2, and of bytes 1 and 3
  using Input = Halves<V16>;
  static constexpr size_t kLanes = hn::MaxLanes(DI()), kVecs = 2, kGroup = 4;
  static constexpr size_t kSums = !kManyRegisters ? 8 : kAddsNeighbours ? 24 : 12;

  static HWY_INLINE Sum start(const Panel&, size_t, size_t) {
    return {hn::Zero(DI()), hn::Zero(DI())};
  }
  static HWY_INLINE Weights weights(const int8_t* from) {
    const V16 bytes = hn::BitCast(D16(), hn::LoadU(D8(), from));
    return {hn::ShiftRight<8>(hn::ShiftLeft<8>(bytes)), hn::ShiftRight<8>(bytes)};
  }
  static HWY_INLINE Input input(const uint8_t* from) {
    const hn::RebindToUnsigned<D16> unsigned16;
    const auto bytes = hn::BitCast(unsigned16, broadcast(from));
    return {hn::BitCast(D16(), hn::And(bytes, hn::Set(unsigned16, 0xff))),
            hn::BitCast(D16(), hn::ShiftRight<8>(bytes))};
  }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    sum.first =
        hn::ReorderWidenMulAccumulate(DI(), input.even, weights.even, sum.first, sum.second);
    sum.first = hn::ReorderWidenMulAccumulate(DI(), input.odd, weights.odd, sum.first, sum.second);
    return sum;
  }
  static HWY_INLINE void store(Sum sum, int32_t* out) {
    if constexpr (kAddsNeighbours)
      hn::StoreU(sum.first, DI(), out);
    else
      hn::StoreU(hn::Add(hn::ConcatEven(DI(), sum.second, sum.first),
                         hn::ConcatOdd(DI(), sum.second, sum.first)),
                 DI(), out);
  }
};

struct Bf16Dot {
  using Panel = Bf16Panel;
  using Sum = VF;
  using Weights = Halves<VF>;
  using Input = Halves<VF>;
  static constexpr size_t kLanes = hn::MaxLanes(DF()), kVecs = 2, kGroup = 2;
  static constexpr size_t kSums = kManyRegisters ? 24 : 8;

  static HWY_INLINE Halves<VF> unpack(VI pairs) {
    return {hn::BitCast(DF(), hn::ShiftLeft<16>(pairs)),
            hn::BitCast(DF(), hn::And(pairs, hn::Set(DI(), -65536)))};
  }
  static HWY_INLINE Sum start(const Panel& p, size_t row, size_t col) {
    if (!p.row_scale) return hn::Zero(DF());
    return hn::Mul(hn::LoadU(DF(), p.out + row * p.ld_out + col), hn::Set(DF(), p.row_scale[row]));
  }
  static HWY_INLINE Weights weights(const uint16_t* from) {
    return unpack(hn::BitCast(DI(), hn::LoadU(hn::Repartition<uint16_t, DI>(), from)));
  }
  static HWY_INLINE Input input(const uint16_t* from) { return unpack(broadcast(from)); }
  static HWY_INLINE Sum dot(Sum sum, Input input, Weights weights) {
    return hn::MulAdd(input.odd, weights.odd, hn::MulAdd(input.even, weights.even, sum));
  }
  static HWY_INLINE void store(Sum sum, float* out) { hn::StoreU(sum, DF(), out); }
};

void PortableInt8(const Int8Panel& panel) {
  multiply<Int8Dot>(panel);
}
void PortableBf16(const Bf16Panel& panel) {
  multiply<Bf16Dot>(panel);
}

}  // namespace npu::cpu::HWY_NAMESPACE
#endif  // HWY_TARGET
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {

HWY_EXPORT(PortableInt8);
HWY_EXPORT(PortableBf16);

void portable_int8(const Int8Panel& panel) {
  HWY_DYNAMIC_DISPATCH(PortableInt8)(panel);
}
void portable_bf16(const Bf16Panel& panel) {
  HWY_DYNAMIC_DISPATCH(PortableBf16)(panel);
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
