// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads, stores and construction of vectors on the host.
#pragma once

#include <algorithm>

#include "aie_host/vector.h"

namespace aie {

// Aligned to the vector, 32 bytes at most. On the device a misaligned address reads something else.
template <unsigned N, typename T>
vector<std::remove_const_t<T>, N> load_v(T* from) {
  vector<std::remove_const_t<T>, N> out;
  constexpr size_t kBytes = N * sizeof(T);
  if (aie_host::check_load(from, kBytes, std::min<size_t>(kBytes, vector_decl_align))) {
    std::memcpy(out.host_lanes(), from, kBytes);
  }
  out.host_written() = aie_host::first_lanes(N);
  return out;
}

template <typename T, unsigned N>
void store_v(T* to, const vector<T, N>& v) {
  constexpr size_t kBytes = N * sizeof(T);
  if (!v.host_whole()) aie_host::report("store of a lane never written");
  if (aie_host::check_store(to, kBytes, std::min<size_t>(kBytes, vector_decl_align))) {
    std::memcpy(to, v.host_lanes(), kBytes);
  }
}

template <typename T, unsigned N>
vector<T, N> broadcast(T value) {
  vector<T, N> out;
  std::fill_n(out.host_lanes(), N, value);
  out.host_written() = aie_host::first_lanes(N);
  return out;
}

template <typename T, unsigned N>
vector<T, N> zeros() {
  return broadcast<T, N>(T{0});
}

template <typename T, unsigned N>
vector<T, 2 * N> concat(const vector<T, N>& a, const vector<T, N>& b) {
  vector<T, 2 * N> out;
  out.template insert<N>(0, a);
  out.template insert<N>(1, b);
  return out;
}

}  // namespace aie
