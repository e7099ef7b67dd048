// SPDX-License-Identifier: LGPL-2.1-or-later
// aie::vector and aie::mask on the host: lanes, and which of them have been written.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "aie_host/checks.h"
#include "numerics/rounding.h"

using int8 = int8_t;
using uint8 = uint8_t;
using int16 = int16_t;
using uint16 = uint16_t;
using int32 = int32_t;
using uint32 = uint32_t;

namespace aie_host {

// A bit per lane: 1 = written.
using LaneSet = unsigned __int128;

constexpr LaneSet first_lanes(unsigned n) {
  return n == 128 ? ~LaneSet{0} : (LaneSet{1} << n) - 1;
}

constexpr bool is_register(unsigned bits) {
  return bits == 128 || bits == 256 || bits == 512 || bits == 1024;
}

// The control registers of a core. They keep their values from kernel to kernel.
struct CoreState {
  kernels::RoundingMode rounding = kernels::RoundingMode::kFloor;
  kernels::SaturationMode saturation = kernels::SaturationMode::kNone;
};

inline CoreState& core_state() {
  thread_local CoreState state;
  return state;
}

}  // namespace aie_host

namespace aie {

inline constexpr unsigned vector_decl_align = 32;

enum class rounding_mode : unsigned {
  floor = 0,
  ceil = 1,
  symmetric_floor = 2,
  symmetric_ceil = 3,
  negative_inf = 8,
  positive_inf = 9,
  symmetric_zero = 10,
  symmetric_inf = 11,
  conv_even = 12,
  conv_odd = 13,
};
enum class saturation_mode : unsigned { none = 0, saturate = 1, symmetric = 3 };

inline void set_rounding(rounding_mode mode) {
  aie_host::core_state().rounding = static_cast<kernels::RoundingMode>(mode);
}
inline void set_saturation(saturation_mode mode) {
  aie_host::core_state().saturation = static_cast<kernels::SaturationMode>(mode);
}
inline rounding_mode get_rounding() {
  return static_cast<rounding_mode>(aie_host::core_state().rounding);
}
inline saturation_mode get_saturation() {
  return static_cast<saturation_mode>(aie_host::core_state().saturation);
}

template <typename T, unsigned N>
class alignas(vector_decl_align) vector {
  static_assert(std::is_integral_v<T> && sizeof(T) <= 4);
  static_assert(aie_host::is_register(N * sizeof(T) * 8), "not the size of a register");

 public:
  using value_type = T;
  static constexpr unsigned size() { return N; }
  static constexpr unsigned bits() { return N * sizeof(T) * 8; }

  vector() { std::memset(lanes_.data(), 0xA5, sizeof(lanes_)); }

  T get(unsigned lane) const {
    if (lane >= N) return aie_host::report("lane out of range"), T{};
    if ((written_ >> lane & 1) == 0) aie_host::report("use of a lane never written");
    return lanes_[lane];
  }
  T operator[](unsigned lane) const { return get(lane); }
  void set(T value, unsigned lane) {
    if (lane >= N) return aie_host::report("lane out of range");
    lanes_[lane] = value;
    written_ |= aie_host::LaneSet{1} << lane;
  }

  template <unsigned M>
  vector<T, M> extract(unsigned part) const {
    static_assert(M <= N);
    vector<T, M> out;
    if (part >= N / M) return aie_host::report("part out of range"), out;
    std::memcpy(out.host_lanes(), lanes_.data() + part * M, M * sizeof(T));
    out.host_written() = written_ >> (part * M) & aie_host::first_lanes(M);
    return out;
  }
  template <unsigned M>
  vector& insert(unsigned part, const vector<T, M>& from) {
    static_assert(M <= N);
    if (part >= N / M) return aie_host::report("part out of range"), *this;
    std::memcpy(lanes_.data() + part * M, from.host_lanes(), M * sizeof(T));
    written_ &= ~(aie_host::first_lanes(M) << (part * M));
    written_ |= from.host_written() << (part * M);
    return *this;
  }
  // The other lanes are undefined.
  template <unsigned M>
  vector<T, M> grow(unsigned part = 0) const {
    return vector<T, M>().insert(part, *this);
  }
  // The same bits as lanes of another type.
  template <typename U>
  vector<U, N * sizeof(T) / sizeof(U)> cast_to() const {
    vector<U, N * sizeof(T) / sizeof(U)> out;
    std::memcpy(out.host_lanes(), lanes_.data(), sizeof(lanes_));
    for (unsigned i = 0; i < out.size(); ++i) {
      const unsigned begin = i * sizeof(U) / sizeof(T);
      const unsigned end = ((i + 1) * sizeof(U) - 1) / sizeof(T);
      bool whole = true;
      for (unsigned lane = begin; lane <= end; ++lane) whole &= (written_ >> lane & 1) != 0;
      if (whole) out.host_written() |= aie_host::LaneSet{1} << i;
    }
    return out;
  }
  // To lanes of half the width, by the saturation mode.
  auto pack() const {
    using Half =
        std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int16, uint16>,
                           std::conditional_t<std::is_signed_v<T>, int8, uint8>>;
    static_assert(sizeof(T) >= 2);
    vector<Half, N> out;
    for (unsigned i = 0; i < N; ++i) {
      out.host_lanes()[i] =
          kernels::saturate_to<Half>(lanes_[i], aie_host::core_state().saturation);
    }
    out.host_written() = written_;
    return out;
  }
  // To lanes of twice the width.
  auto unpack() const {
    using Double =
        std::conditional_t<sizeof(T) == 1, std::conditional_t<std::is_signed_v<T>, int16, uint16>,
                           std::conditional_t<std::is_signed_v<T>, int32, uint32>>;
    static_assert(sizeof(T) <= 2);
    vector<Double, N> out;
    for (unsigned i = 0; i < N; ++i) out.host_lanes()[i] = lanes_[i];
    out.host_written() = written_;
    return out;
  }

  // For the host's own operations, not of the AIE API.
  T* host_lanes() { return lanes_.data(); }
  const T* host_lanes() const { return lanes_.data(); }
  aie_host::LaneSet& host_written() { return written_; }
  const aie_host::LaneSet& host_written() const { return written_; }
  bool host_whole() const { return written_ == aie_host::first_lanes(N); }

 private:
  std::array<T, N> lanes_;
  aie_host::LaneSet written_ = 0;
};

template <unsigned N>
class mask {
 public:
  bool test(unsigned lane) const { return (bits_ >> lane & 1) != 0; }
  aie_host::LaneSet& host_bits() { return bits_; }

 private:
  aie_host::LaneSet bits_ = 0;
};

}  // namespace aie
