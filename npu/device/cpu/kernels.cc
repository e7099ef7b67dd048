// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/kernels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "device/cpu/aligned.h"

// Vectors whose size the compiler does not know cannot be put into arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "device/cpu/kernels.cc"
#include <hwy/foreach_target.h>  // before highway.h
#include <hwy/highway.h>

#include "device/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace npu::cpu::HWY_NAMESPACE {

constexpr float kNone = -std::numeric_limits<float>::infinity();

void LayerNormRow(const float* in, float* out, size_t cols, const float* gain, const float* bias) {
  const D d;
  V sum = hn::Zero(d);
  size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) sum = hn::Add(sum, hn::LoadU(d, in + c));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (size_t rest = c; rest < cols; ++rest) total += in[rest];
  const float mean = total / static_cast<float>(cols);
  const V means = hn::Set(d, mean);
  V squares = hn::Zero(d);
  for (c = 0; c + kLanes <= cols; c += kLanes) {
    const V x = hn::Sub(hn::LoadU(d, in + c), means);
    squares = hn::MulAdd(x, x, squares);
  }
  float square = hn::GetLane(hn::SumOfLanes(d, squares));
  for (; c < cols; ++c) square += (in[c] - mean) * (in[c] - mean);
  const float variance = square / static_cast<float>(cols);
  const V scale = hn::Div(hn::Set(d, 1.0f), hn::Sqrt(hn::Set(d, variance + 1e-5f)));
  for (c = 0; c < cols; c += kLanes) {
    const V x = hn::Mul(hn::Sub(hn::LoadU(d, in + c), means), scale);
    hn::StoreU(hn::MulAdd(x, hn::LoadU(d, gain + c), hn::LoadU(d, bias + c)), d, out + c);
  }
}

void Maxima(const float* x, size_t begin, size_t end, float* out) {
  constexpr size_t kVecs = kMaxima / kLanes;
  const D d;
  V most[kVecs];
  for (V& v : most) v = hn::Set(d, kNone);
  size_t i = begin;
  for (; i + kMaxima <= end; i += kMaxima)
    for (size_t v = 0; v < kVecs; ++v) most[v] = hn::Max(most[v], hn::LoadU(d, x + i + v * kLanes));
  for (size_t v = 0; v < kVecs; ++v) hn::StoreU(most[v], d, out + v * kLanes);
  for (size_t place = 0; i < end; ++i, ++place) out[place] = std::max(out[place], x[i]);
}

float Exponentials(float* x, size_t cols, float scale) {
  const D d;
  const V max = hn::Set(d, largest_of(x, cols)), factor = hn::Set(d, scale);
  V sum = hn::Zero(d);
  size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const V y = exponential(hn::Mul(hn::Sub(hn::LoadU(d, x + c), max), factor));
    sum = hn::Add(sum, y);
    hn::StoreU(y, d, x + c);
  }
  if (c < cols) {
    const auto valid = hn::FirstN(d, cols - c);
    const V last = hn::IfThenElse(valid, hn::LoadU(d, x + c), max);
    const V y = exponential(hn::Mul(hn::Sub(last, max), factor));
    sum = hn::Add(sum, hn::IfThenElseZero(valid, y));
    hn::StoreU(y, d, x + c);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

float SumOfExponentials(const float* x, size_t begin, size_t end, float max, Ahead ahead) {
  const D d;
  Fetcher fetcher(ahead, (end - begin) / kLanes);
  const V top = hn::Set(d, max), none = hn::Set(d, kNone);
  V sum = hn::Zero(d);
  for (size_t i = begin; i < end; i += kLanes) {
    // Only the last vector is partial; it is read whole, as the logits hold whole panels.
    const auto valid = hn::FirstN(d, std::min(kLanes, end - i));
    const V y = hn::IfThenElse(valid, hn::LoadU(d, x + i), none);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::Gt(y, none), exponential(hn::Sub(y, top))));
    fetcher.step();
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

size_t FirstAbove(const float* x, size_t begin, size_t end, float bound) {
  const D d;
  const V bounds = hn::Set(d, bound);
  size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    const auto found = hn::FindFirstTrue(d, hn::Gt(hn::LoadU(d, x + i), bounds));
    if (found >= 0) return i + static_cast<size_t>(found);
  }
  while (i < end && !(x[i] > bound)) ++i;
  return i;
}

void IndexedDots(const float* q, const IndexedRows& keys, size_t cols, float* out) {
  const D d;
  for (size_t i = 0; i < keys.count; ++i) {
    const float* key = keys.data + static_cast<size_t>(keys.rows[i]) * keys.stride;
    V sum = hn::Zero(d);
    size_t c = 0;
    for (; c + kLanes <= cols; c += kLanes)
      sum = hn::MulAdd(hn::LoadU(d, q + c), hn::LoadU(d, key + c), sum);
    float total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; c < cols; ++c) total += q[c] * key[c];
    out[i] = total;
  }
}

void IndexedSum(const float* weights, const IndexedRows& values, size_t cols, float scale,
                float* out) {
  const D d;
  const auto value = [&](size_t i) {
    return values.data + static_cast<size_t>(values.rows[i]) * values.stride;
  };
  size_t c = 0;
  for (; c + 4 * kLanes <= cols; c += 4 * kLanes) {
    V sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    for (size_t i = 0; i < values.count; ++i) {
      const V weight = hn::Set(d, weights[i]);
      const float* from = value(i) + c;
      for (size_t v = 0; v < 4; ++v)
        sum[v] = hn::MulAdd(weight, hn::LoadU(d, from + v * kLanes), sum[v]);
    }
    for (size_t v = 0; v < 4; ++v)
      hn::StoreU(hn::Mul(sum[v], hn::Set(d, scale)), d, out + c + v * kLanes);
  }
  for (; c < cols; ++c) {
    float sum = 0;
    for (size_t i = 0; i < values.count; ++i) sum += weights[i] * value(i)[c];
    out[c] = sum * scale;
  }
}

const char* Name() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace npu::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npu::cpu {

HWY_EXPORT(LayerNormRow);
HWY_EXPORT(Maxima);
HWY_EXPORT(Exponentials);
HWY_EXPORT(SumOfExponentials);
HWY_EXPORT(FirstAbove);
HWY_EXPORT(IndexedDots);
HWY_EXPORT(IndexedSum);
HWY_EXPORT(Name);

void layer_norm_row(const float* in, float* out, size_t cols, const float* gain,
                    const float* bias) {
  HWY_DYNAMIC_DISPATCH(LayerNormRow)(in, out, cols, gain, bias);
}
void maxima(const float* x, size_t begin, size_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(Maxima)(x, begin, end, out);
}
float exponentials(float* x, size_t cols, float scale) {
  return HWY_DYNAMIC_DISPATCH(Exponentials)(x, cols, scale);
}
float sum_of_exponentials(const float* x, size_t begin, size_t end, float max, Ahead ahead) {
  return HWY_DYNAMIC_DISPATCH(SumOfExponentials)(x, begin, end, max, ahead);
}
size_t first_above(const float* x, size_t begin, size_t end, float bound) {
  return HWY_DYNAMIC_DISPATCH(FirstAbove)(x, begin, end, bound);
}
void indexed_dots(const float* q, const IndexedRows& keys, size_t cols, float* out) {
  HWY_DYNAMIC_DISPATCH(IndexedDots)(q, keys, cols, out);
}
void indexed_sum(const float* weights, const IndexedRows& values, size_t cols, float scale,
                 float* out) {
  HWY_DYNAMIC_DISPATCH(IndexedSum)(weights, values, cols, scale, out);
}
const char* instruction_set() {
  return HWY_DYNAMIC_DISPATCH(Name)();
}

void transpose_panels(const float* in, size_t stride, size_t rows, size_t cols, float* out) {
  for (size_t first = 0; first < rows; first += kPanelCols) {
    const size_t valid = std::min(kPanelCols, rows - first);
    float* panel = out + first * cols;
    // Column blocks of a cache line, so that each line is read once while it is near.
    for (size_t block = 0; block < cols; block += 16)
      for (size_t r = 0; r < valid; ++r) {
        const float* from = in + (first + r) * stride;
        for (size_t c = block; c < std::min(block + 16, cols); ++c)
          panel[c * kPanelCols + r] = from[c];
      }
  }
}

void copy_panels(const float* in, size_t stride, size_t rows, size_t cols, float* out) {
  for (size_t first = 0; first < cols; first += kPanelCols) {
    const size_t bytes = std::min(kPanelCols, cols - first) * sizeof(float);
    for (size_t r = 0; r < rows; ++r)
      std::memcpy(out + first * rows + r * kPanelCols, in + r * stride + first, bytes);
  }
}

}  // namespace npu::cpu
#endif  // HWY_ONCE
