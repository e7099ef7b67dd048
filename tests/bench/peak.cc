// SPDX-License-Identifier: LGPL-2.1-or-later
#include "peak.h"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "peak.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace npu::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

// Eight independent chains, which begin apart so that the compiler cannot make them one. Returns
// the multiply-adds done; the sum only keeps them from being optimised away.
size_t MultiplyAdd(size_t rounds, float* sum) {
  const D d;
  const V x = hn::Set(d, *sum), y = hn::Set(d, 0.5f);
  V a = hn::Zero(d), b = hn::Add(a, x), c = hn::Add(b, x), e = hn::Add(c, x);
  V f = hn::Add(e, x), g = hn::Add(f, x), h = hn::Add(g, x), i = hn::Add(h, x);
  for (size_t round = 0; round < rounds; ++round) {
    a = hn::MulAdd(a, y, x), b = hn::MulAdd(b, y, x), c = hn::MulAdd(c, y, x);
    e = hn::MulAdd(e, y, x), f = hn::MulAdd(f, y, x), g = hn::MulAdd(g, y, x);
    h = hn::MulAdd(h, y, x), i = hn::MulAdd(i, y, x);
  }
  const V total =
      hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)), hn::Add(hn::Add(f, g), hn::Add(h, i)));
  *sum = hn::GetLane(hn::SumOfLanes(d, total));
  return rounds * 8 * hn::Lanes(d);
}

float Sum(const float* data, size_t size) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V a = hn::Zero(d), b = a, c = a, e = a;
  for (size_t i = 0; i + 4 * lanes <= size; i += 4 * lanes) {
    a = hn::Add(a, hn::Load(d, data + i)), b = hn::Add(b, hn::Load(d, data + i + lanes));
    c = hn::Add(c, hn::Load(d, data + i + 2 * lanes)),
    e = hn::Add(e, hn::Load(d, data + i + 3 * lanes));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
}

}  // namespace npu::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::bench {
namespace {

HWY_EXPORT(MultiplyAdd);
HWY_EXPORT(Sum);

// The best of a few runs of `work` on all threads at once, in seconds.
template <typename Work>
double best_seconds(int threads, const Work& work) {
  double best = 1e9;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (int thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
    work(0);
    for (auto& other : others) other.join();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

volatile float sink;

}  // namespace

double peak_gmac_per_s(int threads) {
  size_t done = 0;
  const double seconds = best_seconds(threads, [&](int thread) {
    float sum = 1;
    const size_t count = HWY_DYNAMIC_DISPATCH(MultiplyAdd)(20'000'000, &sum);
    sink = sum;
    if (thread == 0) done = count;
  });
  return static_cast<double>(done) * threads / seconds * 1e-9;
}

double peak_read_gb_per_s(int threads) {
  const size_t each = (size_t{512} << 20) / sizeof(float) / static_cast<size_t>(threads);
  const size_t total = each * static_cast<size_t>(threads);
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t bytes = (total * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
  const std::unique_ptr<float, decltype(&std::free)> data(
      static_cast<float*>(std::aligned_alloc(kHugePage, bytes)), &std::free);
  if (!data) return 0;
  madvise(data.get(), bytes, MADV_HUGEPAGE);  // as the device does it
  std::fill_n(data.get(), total, 1.0f);
  const double seconds = best_seconds(threads, [&](int thread) {
    sink = HWY_DYNAMIC_DISPATCH(Sum)(data.get() + each * static_cast<size_t>(thread), each);
  });
  return static_cast<double>(each) * threads * sizeof(float) / seconds * 1e-9;
}

}  // namespace npu::bench
#endif  // HWY_ONCE
