// SPDX-License-Identifier: LGPL-2.1-or-later
// aie::mmul on the host: C (M x N) += A (M x K) * B (K x N), blocks row by row, modulo 2^32.
#pragma once

#include "aie_host/accum.h"
#include "aie_host/memory.h"

namespace aie {

// The shape that is native on AIE2 and AIE2P for 8 bits.
template <unsigned M, unsigned K, unsigned N, typename TA, typename TB>
class mmul {
  static_assert(M == 4 && K == 8 && N == 8 && sizeof(TA) == 1 && sizeof(TB) == 1);

 public:
  static constexpr unsigned size_A = M * K;
  static constexpr unsigned size_B = K * N;
  static constexpr unsigned size_C = M * N;

  mmul() = default;  // the first mac starts from zero
  explicit mmul(const accum<acc32, size_C>& start) : sum_(start), empty_(false) {}
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
      uint32_t row[N] = {};
      for (unsigned k = 0; k < K; ++k) {
        const int32_t left = a.host_lanes()[m * K + k];
        for (unsigned n = 0; n < N; ++n) {
          row[n] += static_cast<uint32_t>(left * b.host_lanes()[k * N + n]);
        }
      }
      for (unsigned n = 0; n < N; ++n) {
        int32_t& lane = sum_.host_lanes()[m * N + n];
        lane = static_cast<int32_t>(static_cast<uint32_t>(lane) + row[n]);
      }
    }
  }
  accum<acc32, size_C> to_accum() const { return sum_; }
  template <typename T>
  vector<T, size_C> to_vector(unsigned shift = 0) const {
    return sum_.template to_vector<T>(shift);
  }

 private:
  accum<acc32, size_C> sum_;
  bool empty_ = true;
};

}  // namespace aie
