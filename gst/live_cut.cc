// SPDX-License-Identifier: LGPL-2.1-or-later
// The search for a quiet place.
#include "live_cut.h"

namespace npu::gst {
namespace {

constexpr size_t kQuiet = 3200;  // 200 ms
constexpr size_t kStride = 800;  // 50 ms

double energy(std::span<const float> samples) {
  double sum = 0;
  for (const float sample : samples) sum += static_cast<double>(sample) * sample;
  return sum;
}

}  // namespace

size_t quietest_cut(std::span<const float> samples, size_t least) {
  if (least + kQuiet > samples.size()) return samples.size();
  size_t best = least;
  double best_energy = energy(samples.subspan(least, kQuiet));
  for (size_t at = least + kStride; at + kQuiet <= samples.size(); at += kStride) {
    const double here = energy(samples.subspan(at, kQuiet));
    if (here > best_energy) continue;
    best = at;
    best_energy = here;
  }
  return best + kQuiet / 2;
}

}  // namespace npu::gst
