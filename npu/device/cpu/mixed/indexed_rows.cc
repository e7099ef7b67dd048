// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/indexed_rows.h"

#include <algorithm>

#include "device/cpu/aligned.h"
#include "device/cpu/unroll.h"

// Vectors whose size the compiler does not know cannot be put into arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/mixed/indexed_rows.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

#include "device/cpu/mixed/bf16_vector.h"
#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {

constexpr size_t kPair = 2 * kLanes;
constexpr size_t kKeys = 4;  // that share the loads of the query, and the sums over lanes

// Two vectors of columns of a row, by parity.
HWY_INLINE void load_pair(const uint16_t* from, V& even, V& odd) {
  const D d;
  const DU du;
  const auto bits = hn::LoadU(du, reinterpret_cast<const uint32_t*>(from));
  even = hn::BitCast(d, hn::ShiftLeft<16>(bits));
  odd = hn::BitCast(d, hn::And(bits, hn::Set(du, 0xffff0000u)));
}

// Fetches the rows of the block behind this one.
HWY_INLINE void fetch_more(const IndexedBf16Rows& rows, HeadColumns head) {
  for (size_t i = 0; i < rows.more; ++i)
    for (size_t c = 0; c < head.cols; c += kCacheLine / sizeof(uint16_t))
      hwy::Prefetch(rows.next[i] + head.column + c);
}

#if HWY_TARGET == HWY_SCALAR

HWY_INLINE void store_sums(const V (&sum)[kKeys], float* out) {
  for (size_t i = 0; i < kKeys; ++i) out[i] = hn::GetLane(sum[i]);
}

#else

// The sum of all blocks of four lanes.
template <typename DN>
HWY_INLINE auto sum_of_blocks(DN, hn::Vec<DN> v) {
  if constexpr (hn::MaxLanes(DN()) <= 4) {
    return v;
  } else {
    const hn::Half<DN> half;
    return sum_of_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// a and b by turns, their lanes added by twos.
template <typename DN>
HWY_INLINE hn::Vec<DN> folded(DN d, hn::Vec<DN> a, hn::Vec<DN> b) {
  const D df;
  return hn::BitCast(d, hn::Add(hn::BitCast(df, hn::InterleaveLower(d, a, b)),
                                hn::BitCast(df, hn::InterleaveUpper(d, a, b))));
}

// out[i] = sum of the lanes of sum[i].
HWY_INLINE void store_sums(const V (&sum)[kKeys], float* out) {
  const D d;
  const hn::Repartition<uint64_t, D> twos;
  const auto first = hn::BitCast(twos, folded(d, sum[0], sum[1]));
  const auto second = hn::BitCast(twos, folded(d, sum[2], sum[3]));
  const V four = hn::BitCast(d, folded(twos, first, second));
  hn::StoreU(sum_of_blocks(d, four), hn::CappedTag<float, 4>(), out);
}

#endif

void SplitQuery(const float* q, size_t cols, float* out) {
  const D d;
  size_t c = 0;
  for (; c + kPair <= cols; c += kPair) {
    V even, odd;
    hn::LoadInterleaved2(d, q + c, even, odd);
    hn::StoreU(even, d, out + c);
    hn::StoreU(odd, d, out + c + kLanes);
  }
  std::copy(q + c, q + cols, out + c);
}

// The products of a query with kKeys keys from their columns `column` on.
HWY_INLINE void dots(const float* q, const uint16_t* const* key, HeadColumns head, float* out) {
  const D d;
  V even[kKeys], odd[kKeys];
  NPU_UNROLL(8)
  for (size_t i = 0; i < kKeys; ++i) even[i] = odd[i] = hn::Zero(d);
  size_t c = 0;
  for (; c + kPair <= head.cols; c += kPair) {
    const V q_even = hn::LoadU(d, q + c), q_odd = hn::LoadU(d, q + c + kLanes);
    NPU_UNROLL(8)
    for (size_t i = 0; i < kKeys; ++i) {
      V k_even, k_odd;
      load_pair(key[i] + head.column + c, k_even, k_odd);
      even[i] = hn::MulAdd(q_even, k_even, even[i]);
      odd[i] = hn::MulAdd(q_odd, k_odd, odd[i]);
    }
  }
  for (; c < head.cols; c += kLanes) {
    const auto valid = hn::FirstN(d, std::min(kLanes, head.cols - c));
    const V some = hn::IfThenElseZero(valid, hn::LoadU(d, q + c));
    NPU_UNROLL(8)
    for (size_t i = 0; i < kKeys; ++i)
      even[i] =
          hn::MulAdd(some, hn::IfThenElseZero(valid, load_bf16(key[i] + head.column + c)), even[i]);
  }
  NPU_UNROLL(8)
  for (size_t i = 0; i < kKeys; ++i) even[i] = hn::Add(even[i], odd[i]);
  store_sums(even, out);
}

// The same for all queries where the columns of kKeys keys are kPairs pairs of vectors, which are
// converted once.
template <size_t kPairs>
HWY_INLINE void dots_of_all(const float* const* q, size_t queries, const uint16_t* const* key,
                            size_t column, float* const* out, size_t to) {
  const D d;
  V k_even[kPairs][kKeys], k_odd[kPairs][kKeys];
  NPU_UNROLL(8)
  for (size_t pair = 0; pair < kPairs; ++pair) {
    NPU_UNROLL(8)
    for (size_t i = 0; i < kKeys; ++i)
      load_pair(key[i] + column + pair * kPair, k_even[pair][i], k_odd[pair][i]);
  }
  for (size_t s = 0; s < queries; ++s) {
    V even[kKeys], odd[kKeys];
    NPU_UNROLL(8)
    for (size_t i = 0; i < kKeys; ++i) even[i] = odd[i] = hn::Zero(d);
    NPU_UNROLL(8)
    for (size_t pair = 0; pair < kPairs; ++pair) {
      const V q_even = hn::LoadU(d, q[s] + pair * kPair);
      const V q_odd = hn::LoadU(d, q[s] + pair * kPair + kLanes);
      NPU_UNROLL(8)
      for (size_t i = 0; i < kKeys; ++i) {
        even[i] = hn::MulAdd(q_even, k_even[pair][i], even[i]);
        odd[i] = hn::MulAdd(q_odd, k_odd[pair][i], odd[i]);
      }
    }
    NPU_UNROLL(8)
    for (size_t i = 0; i < kKeys; ++i) even[i] = hn::Add(even[i], odd[i]);
    store_sums(even, out[s] + to);
  }
}

void IndexedDotsBf16(const float* const* q, size_t queries, const IndexedBf16Rows& keys,
                     HeadColumns head, float* const* out) {
  constexpr size_t kUsualCols = 64;
  fetch_more(keys, head);
  for (size_t i = 0; i < kIndexedBlock; i += kKeys) {
    // Elsewhere registers do not hold them.
    if constexpr (HWY_TARGET <= HWY_AVX3) {
      if (head.cols == kUsualCols) {
        dots_of_all<kUsualCols / kPair>(q, queries, keys.row + i, head.column, out, i);
        continue;
      }
    }
    for (size_t s = 0; s < queries; ++s) dots(q[s], keys.row + i, head, out[s] + i);
  }
}

// As many as registers hold, which is worth it: values are converted once for all of them.
constexpr size_t kMostSums = HWY_TARGET <= HWY_AVX3 ? 5 : 2;

// Columns c.. of the rows for kSums sums, kPairs pairs of vectors each, which lie from out[sum][to]
// on.
template <size_t kPairs, size_t kSums>
HWY_INLINE void add_columns(const float* const* weights, const IndexedBf16Rows& values, size_t c,
                            float* const* out, size_t to) {
  const D d;
  V even[kSums][kPairs], odd[kSums][kPairs];
  NPU_UNROLL(8)
  for (size_t s = 0; s < kSums; ++s) {
    NPU_UNROLL(8)
    for (size_t v = 0; v < kPairs; ++v)
      hn::LoadInterleaved2(d, out[s] + to + v * kPair, even[s][v], odd[s][v]);
  }
  for (size_t i = 0; i < values.count; ++i) {
    const uint16_t* row = values.row[i] + c;
    V x_even[kPairs], x_odd[kPairs];
    NPU_UNROLL(8)
    for (size_t v = 0; v < kPairs; ++v) load_pair(row + v * kPair, x_even[v], x_odd[v]);
    NPU_UNROLL(8)
    for (size_t s = 0; s < kSums; ++s) {
      const V weight = hn::Set(d, weights[s][i]);
      NPU_UNROLL(8)
      for (size_t v = 0; v < kPairs; ++v) {
        even[s][v] = hn::MulAdd(weight, x_even[v], even[s][v]);
        odd[s][v] = hn::MulAdd(weight, x_odd[v], odd[s][v]);
      }
    }
  }
  NPU_UNROLL(8)
  for (size_t s = 0; s < kSums; ++s) {
    NPU_UNROLL(8)
    for (size_t v = 0; v < kPairs; ++v)
      hn::StoreInterleaved2(even[s][v], odd[s][v], d, out[s] + to + v * kPair);
  }
}

// All columns of `sums` sums, at most kSums.
template <size_t kSums>
HWY_INLINE void add_rows(const float* const* weights, size_t sums, const IndexedBf16Rows& values,
                         HeadColumns head, float* const* out) {
  if constexpr (kSums > 1)
    if (sums < kSums) return add_rows<kSums - 1>(weights, sums, values, head, out);
  const size_t cols = head.cols;
  size_t c = 0;
  for (; c + 2 * kPair <= cols; c += 2 * kPair)
    add_columns<2, kSums>(weights, values, head.column + c, out, c);
  for (; c + kPair <= cols; c += kPair)
    add_columns<1, kSums>(weights, values, head.column + c, out, c);
  for (size_t s = 0; c < cols && s < kSums; ++s) {
    HWY_ALIGN float last[kPair] = {};
    std::copy_n(out[s] + c, cols - c, last);
    float* const to = last;
    add_columns<1, 1>(weights + s, values, head.column + c, &to, 0);
    std::copy_n(last, cols - c, out[s] + c);
  }
}

void AddIndexedBf16(const float* const* weights, size_t sums, const IndexedBf16Rows& values,
                    HeadColumns head, float* const* out) {
  fetch_more(values, head);
  for (size_t s = 0; s < sums; s += kMostSums)
    add_rows<kMostSums>(weights + s, std::min(kMostSums, sums - s), values, head, out + s);
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {

HWY_EXPORT(SplitQuery);
HWY_EXPORT(IndexedDotsBf16);
HWY_EXPORT(AddIndexedBf16);

void split_query(const float* q, size_t cols, float* out) {
  HWY_DYNAMIC_DISPATCH(SplitQuery)(q, cols, out);
}
void indexed_dots_bf16(const float* const* q, size_t queries, const IndexedBf16Rows& keys,
                       HeadColumns head, float* const* out) {
  HWY_DYNAMIC_DISPATCH(IndexedDotsBf16)(q, queries, keys, head, out);
}
void add_indexed_bf16(const float* const* weights, size_t sums, const IndexedBf16Rows& values,
                      HeadColumns head, float* const* out) {
  HWY_DYNAMIC_DISPATCH(AddIndexedBf16)(weights, sums, values, head, out);
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
