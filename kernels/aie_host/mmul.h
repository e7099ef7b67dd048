// SPDX-License-Identifier: LGPL-2.1-or-later
// aie::mmul on the host: C (M x N) += A (M x K) * B (K x N), blocks row by row, modulo 2^32 or
// 2^64.
#pragma once

#include "aie_host/accum.h"
#include "aie_host/memory.h"

namespace aie_host {

// The shapes that the kernels use, and the accumulator that each has on AIE2.
template <unsigned M, unsigned K, unsigned N, typename TA, typename TB>
struct NativeProduct {
  static constexpr bool kBytes = M == 4 && K == 8 && N == 8 && sizeof(TA) == 1 && sizeof(TB) == 1;
  static constexpr bool kWords =
      M == 4 && K == 4 && N == 4 && (sizeof(TA) == 2 || sizeof(TA) == 4) && sizeof(TB) == 2;
  static_assert(kBytes || kWords, "not a native product");
  using Tag = std::conditional_t<kBytes, acc32, acc64>;
};

}  // namespace aie_host

namespace aie {

template <unsigned M, unsigned K, unsigned N, typename TA, typename TB, typename Tag = accauto>
class mmul {
  using Accum = typename aie_host::NativeProduct<M, K, N, TA, TB>::Tag;
  static_assert(std::is_same_v<Tag, accauto> || std::is_same_v<Tag, Accum>);

 public:
  static constexpr unsigned size_A = M * K;
  static constexpr unsigned size_B = K * N;
  static constexpr unsigned size_C = M * N;

  mmul() = default;  // the first mac starts from zero
  explicit mmul(const accum<Accum, size_C>& start) : sum_(start), empty_(false) {}
  explicit mmul(const vector<int32, size_C>& start) : empty_(false) { sum_.from_vector(start); }

  void mul(const vector<TA, size_A>& a, const vector<TB, size_B>& b) {
    empty_ = true;
    mac(a, b);
  }
  void mac(const vector<TA, size_A>& a, const vector<TB, size_B>& b) {
    if (!a.host_whole() || !b.host_whole()) aie_host::report("product of a lane never written");
    if (empty_) sum_.from_vector(zeros<int32, size_C>());
    empty_ = false;
    for (unsigned m = 0; m < M; ++m) {
      Bits row[N] = {};
      for (unsigned k = 0; k < K; ++k) {
        const Lane left = a.host_lanes()[m * K + k];
        for (unsigned n = 0; n < N; ++n) {
          row[n] += static_cast<Bits>(left * b.host_lanes()[k * N + n]);
        }
      }
      for (unsigned n = 0; n < N; ++n) {
        Lane& lane = sum_.host_lanes()[m * N + n];
        lane = static_cast<Lane>(static_cast<Bits>(lane) + row[n]);
      }
    }
  }
  accum<Accum, size_C> to_accum() const { return sum_; }
  template <typename T>
  vector<T, size_C> to_vector(unsigned shift = 0) const {
    return sum_.template to_vector<T>(shift);
  }

 private:
  using Lane = typename aie_host::LaneOf<Accum>::Type;
  using Bits = std::make_unsigned_t<Lane>;

  accum<Accum, size_C> sum_;
  bool empty_ = true;
};

}  // namespace aie
