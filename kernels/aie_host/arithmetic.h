// SPDX-License-Identifier: LGPL-2.1-or-later
// Arithmetic of lanes on the host. Vectors wrap, accumulators wrap at 32 or 64 bits.
#pragma once

#include <utility>

#include "aie_host/accum.h"
#include "aie_host/memory.h"

namespace aie_host {

// The accumulator of a product unless one is asked for.
template <typename A, typename B, typename Tag>
using ProductTag =
    std::conditional_t<!std::is_same_v<Tag, accauto>, Tag,
                       std::conditional_t<(sizeof(A) + sizeof(B) > 4), acc64, acc32>>;

template <typename T, unsigned N, typename F>
aie::vector<T, N> map(const aie::vector<T, N>& a, const aie::vector<T, N>& b, F f) {
  aie::vector<T, N> out;
  for (unsigned i = 0; i < N; ++i) {
    out.host_lanes()[i] = static_cast<T>(f(int64_t{a.host_lanes()[i]}, int64_t{b.host_lanes()[i]}));
  }
  out.host_written() = a.host_written() & b.host_written();
  return out;
}

template <typename Tag, typename A, typename B, unsigned N>
void add_products(aie::accum<Tag, N>& sum, const aie::vector<A, N>& a, const aie::vector<B, N>& b,
                  bool negative) {
  for (unsigned i = 0; i < N; ++i) {
    const int64_t product = int64_t{a.host_lanes()[i]} * int64_t{b.host_lanes()[i]};
    const uint64_t term = static_cast<uint64_t>(negative ? -product : product);
    sum.host_lanes()[i] = wrap<Tag>(static_cast<uint64_t>(int64_t{sum.host_lanes()[i]}) + term);
  }
  sum.host_written() &= a.host_written() & b.host_written();
}

}  // namespace aie_host

namespace aie {

template <typename T, unsigned N>
vector<T, N> add(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) { return x + y; });
}
template <typename T, unsigned N>
vector<T, N> sub(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) { return x - y; });
}
// Saturates whatever the mode is.
template <typename T, unsigned N>
vector<T, N> saturating_add(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) {
    return kernels::saturate_to<T>(x + y, kernels::SaturationMode::kSaturate);
  });
}
template <typename T, unsigned N>
vector<T, N> saturating_sub(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) {
    return kernels::saturate_to<T>(x - y, kernels::SaturationMode::kSaturate);
  });
}
template <typename T, unsigned N>
vector<T, N> max(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) { return x > y ? x : y; });
}
template <typename T, unsigned N>
vector<T, N> min(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) { return x < y ? x : y; });
}
template <typename T, unsigned N>
vector<T, N> bit_and(const vector<T, N>& a, const vector<T, N>& b) {
  return aie_host::map(a, b, [](int64_t x, int64_t y) { return x & y; });
}

template <typename Tag = accauto, typename A, typename B, unsigned N>
accum<aie_host::ProductTag<A, B, Tag>, N> mul(const vector<A, N>& a, const vector<B, N>& b) {
  accum<aie_host::ProductTag<A, B, Tag>, N> out;
  std::fill_n(out.host_lanes(), N, 0);
  out.host_written() = aie_host::first_lanes(N);
  aie_host::add_products(out, a, b, false);
  return out;
}
template <typename Tag, typename A, typename B, unsigned N>
accum<Tag, N> mac(accum<Tag, N> sum, const vector<A, N>& a, const vector<B, N>& b) {
  aie_host::add_products(sum, a, b, false);
  return sum;
}
template <typename Tag, typename A, typename B, unsigned N>
accum<Tag, N> msc(accum<Tag, N> sum, const vector<A, N>& a, const vector<B, N>& b) {
  aie_host::add_products(sum, a, b, true);
  return sum;
}

template <typename T, unsigned N>
mask<N> lt(const vector<T, N>& a, const vector<T, N>& b) {
  if (!a.host_whole() || !b.host_whole()) aie_host::report("comparison of a lane never written");
  mask<N> out;
  for (unsigned i = 0; i < N; ++i) {
    if (a.host_lanes()[i] < b.host_lanes()[i]) out.host_bits() |= aie_host::LaneSet{1} << i;
  }
  return out;
}
// Lane i of b where the mask is 1, else of a.
template <typename T, unsigned N>
vector<T, N> select(const vector<T, N>& a, const vector<T, N>& b, const mask<N>& m) {
  vector<T, N> out;
  for (unsigned i = 0; i < N; ++i) {
    const vector<T, N>& from = m.test(i) ? b : a;
    out.host_lanes()[i] = from.host_lanes()[i];
    out.host_written() |= from.host_written() & (aie_host::LaneSet{1} << i);
  }
  return out;
}

// Wraps like the lanes.
template <typename T, unsigned N>
T reduce_add(const vector<T, N>& v) {
  if (!v.host_whole()) aie_host::report("reduction of a lane never written");
  int64_t sum = 0;
  for (unsigned i = 0; i < N; ++i) sum += v.host_lanes()[i];
  return static_cast<T>(sum);
}
template <typename T, unsigned N>
T reduce_max(const vector<T, N>& v) {
  if (!v.host_whole()) aie_host::report("reduction of a lane never written");
  return *std::max_element(v.host_lanes(), v.host_lanes() + N);
}

// Pieces of `piece` lanes in turn, of a first: the lower and the upper half of the result.
template <typename T, unsigned N>
std::pair<vector<T, N>, vector<T, N>> interleave_zip(const vector<T, N>& a, const vector<T, N>& b,
                                                     unsigned piece) {
  std::pair<vector<T, N>, vector<T, N>> out;
  if (piece == 0 || N % piece != 0) return aie_host::report("interleave of another size"), out;
  for (unsigned i = 0; i < 2 * N; ++i) {
    vector<T, N>& half = i < N ? out.first : out.second;
    const vector<T, N>& from = i / piece % 2 == 0 ? a : b;
    const unsigned lane = i / (2 * piece) * piece + i % piece;
    half.host_lanes()[i % N] = from.host_lanes()[lane];
    half.host_written() |= (from.host_written() >> lane & 1) << (i % N);
  }
  return out;
}

// v as `rows` x `columns`, row by row, to `columns` x `rows`.
template <typename T, unsigned N>
vector<T, N> transpose(const vector<T, N>& v, unsigned rows, unsigned columns) {
  vector<T, N> out;
  if (rows * columns != N) return aie_host::report("transpose of another size"), out;
  for (unsigned i = 0; i < N; ++i) {
    const unsigned from = (i % rows) * columns + i / rows;
    out.host_lanes()[i] = v.host_lanes()[from];
    out.host_written() |= (v.host_written() >> from & 1) << i;
  }
  return out;
}

}  // namespace aie
