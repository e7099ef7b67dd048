// SPDX-License-Identifier: LGPL-2.1-or-later
// aie::accum on the host: lanes of 32 or 64 bits that wrap.
#pragma once

#include "aie_host/vector.h"

struct acc32 {};
struct acc64 {};
struct accauto {};

namespace aie_host {

template <typename Tag>
struct LaneOf;
template <>
struct LaneOf<acc32> {
  using Type = int32_t;
};
template <>
struct LaneOf<acc64> {
  using Type = int64_t;
};

// The value modulo 2^(width of the lane).
template <typename Tag>
typename LaneOf<Tag>::Type wrap(uint64_t value) {
  return static_cast<typename LaneOf<Tag>::Type>(value);
}

// One lane to T. From acc32 to 32 bits is a copy; from acc64 to 8 bits goes through 16.
template <typename Tag, typename T>
T narrow(typename LaneOf<Tag>::Type lane, unsigned shift) {
  const CoreState& state = core_state();
  if constexpr (std::is_same_v<Tag, acc32> && sizeof(T) == 4) {
    return static_cast<T>(lane);
  } else {
    const int64_t rounded = kernels::shift_round(lane, shift, state.rounding);
    if constexpr (std::is_same_v<Tag, acc64> && sizeof(T) == 1) {
      using Wide = std::conditional_t<std::is_signed_v<T>, int16_t, uint16_t>;
      return kernels::saturate_to<T>(kernels::saturate_to<Wide>(rounded, state.saturation),
                                     state.saturation);
    } else {
      return kernels::saturate_to<T>(rounded, state.saturation);
    }
  }
}

}  // namespace aie_host

namespace aie {

template <typename Tag, unsigned N>
class alignas(vector_decl_align) accum {
 public:
  using Lane = typename aie_host::LaneOf<Tag>::Type;
  static constexpr unsigned size() { return N; }

  accum() { std::memset(lanes_.data(), 0xA5, sizeof(lanes_)); }

  // v * 2^shift.
  template <typename T>
  void from_vector(const vector<T, N>& v, unsigned shift = 0) {
    for (unsigned i = 0; i < N; ++i) {
      lanes_[i] = aie_host::wrap<Tag>(static_cast<uint64_t>(int64_t{v.host_lanes()[i]}) << shift);
    }
    written_ = v.host_written();
  }
  template <typename T>
  vector<T, N> to_vector(unsigned shift = 0) const {
    if (shift > 63) aie_host::report("shift out of range"), shift = 63;
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i) {
      out.host_lanes()[i] = aie_host::narrow<Tag, T>(lanes_[i], shift);
    }
    out.host_written() = written_;
    return out;
  }

  template <unsigned M>
  accum<Tag, M> extract(unsigned part) const {
    accum<Tag, M> out;
    if (part >= N / M) return aie_host::report("part out of range"), out;
    std::memcpy(out.host_lanes(), lanes_.data() + part * M, M * sizeof(Lane));
    out.host_written() = written_ >> (part * M) & aie_host::first_lanes(M);
    return out;
  }
  template <unsigned M>
  accum& insert(unsigned part, const accum<Tag, M>& from) {
    if (part >= N / M) return aie_host::report("part out of range"), *this;
    std::memcpy(lanes_.data() + part * M, from.host_lanes(), M * sizeof(Lane));
    written_ &= ~(aie_host::first_lanes(M) << (part * M));
    written_ |= from.host_written() << (part * M);
    return *this;
  }

  Lane* host_lanes() { return lanes_.data(); }
  const Lane* host_lanes() const { return lanes_.data(); }
  aie_host::LaneSet& host_written() { return written_; }
  const aie_host::LaneSet& host_written() const { return written_; }

 private:
  std::array<Lane, N> lanes_;
  aie_host::LaneSet written_ = 0;
};

}  // namespace aie
