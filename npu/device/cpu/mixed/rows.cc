// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/rows.h"

#include <algorithm>
#include <limits>

#include "device/cpu/aligned.h"

// Vectors whose size the compiler does not know cannot be put into arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/mixed/rows.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

#include "device/cpu/mixed/bf16_vector.h"
#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {

using DI = hn::RebindToSigned<D>;
using D8 = hn::Rebind<uint8_t, D>;
using VI = hn::Vec<DI>;

// Below it, the reciprocal of a step would not be finite.
constexpr float kLeastRange = 1e-30f;

HWY_INLINE auto first_lanes(size_t begin, size_t end) {
  return hn::FirstN(D(), std::min(kLanes, end - begin));
}

HWY_INLINE void store_bytes(VI x, uint8_t* out) {
  hn::StoreU(hn::DemoteTo(D8(), x), D8(), out);
}

// x/2 (1 + erf(x / sqrt 2)) within 7e-5.
HWY_INLINE V quick_gelu(V x) {
  // erf(x / sqrt 2) / x by x^2 up to x = 4.25, where erf is within 3e-5 of 1
  static constexpr float kErf[] = {0.797870659f,    -0.132855253f,    0.0197556287f,
                                   -0.00225877383f, 0.000194319959f,  -1.20187706e-05f,
                                   4.95888236e-07f, -1.20498495e-08f, 1.2920366e-10f};
  const D d;
  const V end = hn::Set(d, 4.25f);
  const V t = hn::Max(hn::Min(x, end), hn::Neg(end));
  const V erf = hn::Mul(t, polynomial(hn::Mul(t, t), kErf));
  const V half = hn::Mul(x, hn::Set(d, 0.5f));
  return hn::MulAdd(half, erf, half);
}

RowScale QuantiseRow(const float* x, size_t cols, uint8_t* out) {
  const D d;
  V least = hn::Zero(d), most = hn::Zero(d);
  for (size_t c = 0; c < cols; c += kLanes) {
    const V valid = hn::IfThenElseZero(first_lanes(c, cols), hn::LoadU(d, x + c));
    least = hn::Min(least, valid);
    most = hn::Max(most, valid);
  }
  const float min = hn::GetLane(hn::MinOfLanes(d, least));
  const float range = hn::GetLane(hn::MaxOfLanes(d, most)) - min;
  if (!(range > kLeastRange)) {
    for (size_t c = 0; c < cols; c += kLanes) store_bytes(hn::Zero(DI()), out + c);
    return {0, 0};
  }
  const float steps = 255 / range;
  const VI zero = hn::NearestInt(hn::Set(d, -min * steps));
  const V factor = hn::Set(d, steps);
  for (size_t c = 0; c < cols; c += kLanes)
    store_bytes(hn::Add(hn::NearestInt(hn::Mul(hn::LoadU(d, x + c), factor)), zero), out + c);
  return {range / 255, hn::GetLane(zero)};
}

void Bf16Row(const float* x, size_t cols, float scale, uint16_t* out) {
  const D d;
  const V factor = hn::Set(d, scale);
  for (size_t c = 0; c < cols; c += kLanes) {
    const V valid = hn::IfThenElseZero(first_lanes(c, cols), hn::LoadU(d, x + c));
    store_bf16(hn::Mul(valid, factor), out + c);
  }
  if (cols % 2) out[cols] = 0;
}

HWY_INLINE V finished(const PanelFinish& f, size_t row, size_t col, V y) {
  const D d;
  if (f.bias) y = hn::Add(y, hn::LoadU(d, f.bias + col));
  if (f.gelu) y = quick_gelu(y);
  if (f.residual) y = hn::Add(y, hn::LoadU(d, f.residual + row * f.ld_residual + col));
  return y;
}

void FinishInt8(const Int8Sums& s, const PanelFinish& f) {
  const D d;
  const DI di;
  for (size_t r = 0; r < f.rows; ++r) {
    const V scale = hn::Set(d, s.rows[r].scale);
    const VI zero = hn::Set(di, s.rows[r].zero);
    for (size_t c = 0; c < kPanelCols; c += kLanes) {
      const VI sum = hn::Sub(hn::LoadU(di, s.sums + r * s.ld + c),
                             hn::Mul(zero, hn::LoadU(di, s.col_sum + c)));
      const V y = hn::Mul(hn::ConvertTo(d, sum), hn::Mul(scale, hn::LoadU(d, s.col_scale + c)));
      hn::StoreU(finished(f, r, c, y), d, f.out + r * f.ld_out + c);
    }
  }
}

// Takes copies, which no result can be thought to overwrite.
void FinishInt16(Int8Sums s, PanelFinish f, Ahead ahead) {
  const D d;
  const DI di;
  Fetcher fetcher(ahead, f.rows * (kPanelCols / kLanes));
  for (size_t c = 0; c < kPanelCols; c += kLanes) {
    const VI offset = hn::ShiftLeft<7>(hn::LoadU(di, s.col_sum + c));
    const V col_scale = hn::LoadU(d, s.col_scale + c);
    for (size_t r = 0; r < f.rows; ++r) {
      const int32_t* sums = s.sums + 2 * r * s.ld;
      const V high = hn::ConvertTo(d, hn::Sub(hn::LoadU(di, sums + c), offset));
      const V low = hn::ConvertTo(d, hn::LoadU(di, sums + s.ld + c));
      const V y = hn::Mul(hn::MulAdd(high, hn::Set(d, 256.0f), low),
                          hn::Mul(hn::Set(d, s.rows[r].scale), col_scale));
      hn::StoreU(finished(f, r, c, y), d, f.out + r * f.ld_out + c);
      fetcher.step();
    }
  }
}

void FinishF32(const float* sums, size_t ld, const PanelFinish& f) {
  const D d;
  for (size_t r = 0; r < f.rows; ++r)
    for (size_t c = 0; c < kPanelCols; c += kLanes)
      hn::StoreU(finished(f, r, c, hn::LoadU(d, sums + r * ld + c)), d, f.out + r * f.ld_out + c);
}

// The lowest 16 bits.
HWY_INLINE void store_split(VI x, uint8_t* high, uint8_t* low) {
  const VI byte = hn::Set(DI(), 255);
  store_bytes(hn::And(hn::ShiftRight<8>(x), byte), high);
  store_bytes(hn::And(x, byte), low);
}

float SplitSigned(const float* x, size_t cols, uint8_t* high, uint8_t* low) {
  const D d;
  V most = hn::Zero(d);
  for (size_t c = 0; c < cols; c += kLanes)
    most = hn::Max(most, hn::IfThenElseZero(first_lanes(c, cols), hn::Abs(hn::LoadU(d, x + c))));
  const float range = hn::GetLane(hn::MaxOfLanes(d, most));
  const bool some = range > kLeastRange;
  const V factor = hn::Set(d, some ? 32767 / range : 0);
  for (size_t c = 0; c < cols; c += kLanes)
    store_split(hn::Add(hn::NearestInt(hn::Mul(hn::LoadU(d, x + c), factor)), hn::Set(DI(), 32768)),
                high + c, low + c);
  return some ? range / 32767 : 0;
}

float SplitSoftmax(float* x, float factor, const float* weight, size_t cols, uint8_t* high,
                   uint8_t* low, Ahead ahead) {
  const D d;
  const size_t whole = cols - cols % kLanes;
  Fetcher fetcher(ahead, 2 * (whole / kLanes));
  const V max = hn::Set(d, largest_of(x, cols)), factors = hn::Set(d, factor);
  V sum = hn::Zero(d), most = hn::Zero(d);
  const auto weigh = [&](size_t c, V exps) {
    const V y = hn::Mul(exps, hn::LoadU(d, weight + c));
    hn::StoreU(y, d, x + c);
    sum = hn::Add(sum, exps);
    return y;
  };
  for (size_t c = 0; c < whole; c += kLanes) {
    const V exps = exponential(hn::Mul(hn::Sub(hn::LoadU(d, x + c), max), factors));
    most = hn::Max(most, weigh(c, exps));
    fetcher.step();
  }
  if (whole < cols) {
    const auto valid = hn::FirstN(d, cols - whole);
    const V last = hn::IfThenElse(valid, hn::LoadU(d, x + whole), max);
    const V exps = exponential(hn::Mul(hn::Sub(last, max), factors));
    most = hn::Max(most, hn::IfThenElseZero(valid, weigh(whole, hn::IfThenElseZero(valid, exps))));
  }
  const float range = hn::GetLane(hn::MaxOfLanes(d, most));
  const bool some = range > kLeastRange;
  const V steps = hn::Set(d, some ? 65535 / range : 0);
  for (size_t c = 0; c < cols; c += kLanes) {
    store_split(hn::BitCast(DI(), nearest(hn::Mul(hn::LoadU(d, x + c), steps))), high + c, low + c);
    fetcher.step();
  }
  for (uint8_t* bytes : {high, low})
    std::fill(bytes + cols, bytes + round_up(cols, kSoftmaxMultiple), uint8_t{0});
  return some ? range / 65535 / hn::GetLane(hn::SumOfLanes(d, sum)) : 0;
}

void JoinSigned(const int32_t* high, const int32_t* low, size_t rows, const float* scale,
                const float* col_scale, const int32_t* col_sum, float* out, size_t ld_out) {
  const D d;
  const DI di;
  for (size_t c = 0; c < kPanelCols; c += kLanes) {
    const VI offset = hn::ShiftLeft<15>(hn::LoadU(di, col_sum + c));
    const V col_scales = hn::LoadU(d, col_scale + c);
    for (size_t r = 0; r < rows; ++r) {
      // The whole fits 32 bits, though its parts may wrap on the way.
      const size_t at = r * kPanelCols + c;
      const VI sum = hn::Sub(
          hn::Add(hn::ShiftLeft<8>(hn::LoadU(di, high + at)), hn::LoadU(di, low + at)), offset);
      const V factor = hn::Mul(hn::Set(d, scale[r]), col_scales);
      hn::StoreU(hn::Mul(hn::ConvertTo(d, sum), factor), d, out + r * ld_out + c);
    }
  }
}

void JoinPositive(const int32_t* high, const int32_t* low, float scale, float* out) {
  const D d;
  const DI di;
  for (size_t c = 0; c < kPanelCols; c += kLanes) {
    const V sum = hn::MulAdd(hn::ConvertTo(d, hn::LoadU(di, high + c)), hn::Set(d, 256.0f),
                             hn::ConvertTo(d, hn::LoadU(di, low + c)));
    hn::StoreU(hn::Mul(sum, hn::Set(d, scale)), d, out + c);
  }
}

float SymmetricScale(const float* x, size_t cols) {
  const D d;
  V most = hn::Zero(d);
  for (size_t c = 0; c < cols; c += kLanes)
    most = hn::Max(most, hn::IfThenElseZero(first_lanes(c, cols), hn::Abs(hn::LoadU(d, x + c))));
  const float range = hn::GetLane(hn::MaxOfLanes(d, most));
  return range > kLeastRange ? range / 127 : 0;
}

// x / scale as integers of 8 bits, 0 for columns that do not exist.
HWY_INLINE VI symmetric(const float* x, size_t begin, size_t cols, float scale) {
  const D d;
  const V steps = hn::Set(d, scale > 0 ? 1 / scale : 0);
  const V y = hn::IfThenElseZero(first_lanes(begin, cols), hn::LoadU(d, x + begin));
  return hn::NearestInt(hn::Mul(y, steps));
}

int32_t SymmetricRow(const float* x, size_t cols, float scale, int8_t* out) {
  const DI di;
  const hn::Rebind<int8_t, D> d8;
  VI sum = hn::Zero(di);
  for (size_t c = 0; c < cols; c += kLanes) {
    const VI q = symmetric(x, c, cols, scale);
    sum = hn::Add(sum, q);
    hn::StoreU(hn::DemoteTo(d8, q), d8, out + c);
  }
  for (size_t c = cols; c % 4 != 0; ++c) out[c] = 0;
  return hn::GetLane(hn::SumOfLanes(di, sum));
}

// How many of the columns from `begin` on exist.
HWY_INLINE size_t clipped(size_t begin, size_t cols) {
  return std::max(begin, cols);
}

void InterleaveInt8(const float* const rows[4], const float scale[4], size_t cols, int8_t* out) {
  const DI di;
  const VI byte = hn::Set(di, 255);
  for (size_t c = 0; c < kPanelCols; c += kLanes) {
    const auto q = [&](size_t i) {
      return hn::And(symmetric(rows[i], c, clipped(c, cols), scale[i]), byte);
    };
    const VI low = hn::Or(q(0), hn::ShiftLeft<8>(q(1)));
    const VI high = hn::Or(hn::ShiftLeft<16>(q(2)), hn::ShiftLeft<24>(q(3)));
    hn::StoreU(hn::Or(low, high), di, reinterpret_cast<int32_t*>(out) + c);
  }
}

void InterleaveBf16(const float* first, const float* second, size_t cols, uint16_t* out) {
  const D d;
  const DU du;
  for (size_t c = 0; c < kPanelCols; c += kLanes) {
    const auto valid = first_lanes(c, clipped(c, cols));
    const auto half = [&](const float* from) {
      return rounded_bf16(hn::IfThenElseZero(valid, from ? hn::LoadU(d, from + c) : hn::Zero(d)));
    };
    hn::StoreU(hn::Or(half(first), hn::ShiftLeft<16>(half(second))), du,
               reinterpret_cast<uint32_t*>(out) + c);
  }
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {

HWY_EXPORT(QuantiseRow);
HWY_EXPORT(Bf16Row);
HWY_EXPORT(FinishInt8);
HWY_EXPORT(FinishInt16);
HWY_EXPORT(FinishF32);
HWY_EXPORT(SplitSigned);
HWY_EXPORT(SplitSoftmax);
HWY_EXPORT(JoinSigned);
HWY_EXPORT(JoinPositive);
HWY_EXPORT(SymmetricScale);
HWY_EXPORT(SymmetricRow);
HWY_EXPORT(InterleaveInt8);
HWY_EXPORT(InterleaveBf16);

RowScale quantise_row(const float* x, size_t cols, uint8_t* out) {
  return HWY_DYNAMIC_DISPATCH(QuantiseRow)(x, cols, out);
}
void bf16_row(const float* x, size_t cols, float scale, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(Bf16Row)(x, cols, scale, out);
}
void finish_int8(const Int8Sums& sums, const PanelFinish& finish) {
  HWY_DYNAMIC_DISPATCH(FinishInt8)(sums, finish);
}
void finish_int16(const Int8Sums& sums, const PanelFinish& finish, Ahead ahead) {
  HWY_DYNAMIC_DISPATCH(FinishInt16)(sums, finish, ahead);
}
void finish_f32(const float* sums, size_t ld, const PanelFinish& finish) {
  HWY_DYNAMIC_DISPATCH(FinishF32)(sums, ld, finish);
}
float split_signed(const float* x, size_t cols, uint8_t* high, uint8_t* low) {
  return HWY_DYNAMIC_DISPATCH(SplitSigned)(x, cols, high, low);
}
float split_softmax(float* x, float factor, const float* weight, size_t cols, uint8_t* high,
                    uint8_t* low, Ahead ahead) {
  return HWY_DYNAMIC_DISPATCH(SplitSoftmax)(x, factor, weight, cols, high, low, ahead);
}
void join_signed(const int32_t* high, const int32_t* low, size_t rows, const float* scale,
                 const float* col_scale, const int32_t* col_sum, float* out, size_t ld_out) {
  HWY_DYNAMIC_DISPATCH(JoinSigned)(high, low, rows, scale, col_scale, col_sum, out, ld_out);
}
void join_positive(const int32_t* high, const int32_t* low, float scale, float* out) {
  HWY_DYNAMIC_DISPATCH(JoinPositive)(high, low, scale, out);
}
float symmetric_scale(const float* x, size_t cols) {
  return HWY_DYNAMIC_DISPATCH(SymmetricScale)(x, cols);
}
int32_t symmetric_row(const float* x, size_t cols, float scale, int8_t* out) {
  return HWY_DYNAMIC_DISPATCH(SymmetricRow)(x, cols, scale, out);
}
void interleave_int8(const float* const rows[4], const float scale[4], size_t cols, int8_t* out) {
  HWY_DYNAMIC_DISPATCH(InterleaveInt8)(rows, scale, cols, out);
}
void interleave_bf16(const float* first, const float* second, size_t cols, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(InterleaveBf16)(first, second, cols, out);
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
