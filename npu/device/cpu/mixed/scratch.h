// SPDX-License-Identifier: LGPL-2.1-or-later
// What a thread needs for itself while it works, carved out of one piece of memory. Each layout is
// written once: run over no memory, it says how much it needs.
#pragma once

#include <cstdint>

#include "device/cpu/mixed/matrix.h"
#include "device/cpu/mixed/rows.h"

namespace npu::cpu {

// Hands out 64-byte aligned pieces.
class Carver {
 public:
  explicit Carver(uint8_t* memory) : memory_(memory) {}

  // Null if there is no memory.
  template <typename T>
  T* take(size_t count) {
    T* piece = memory_ ? reinterpret_cast<T*>(memory_ + used_) : nullptr;
    used_ = round_up(used_ + count * sizeof(T), 64);
    return piece;
  }
  size_t used() const { return used_; }

 private:
  uint8_t* memory_;
  size_t used_ = 0;
};

// Rows of a unit of work on the row table.
inline constexpr size_t kTableBlock = 56;

// Of a chain.
struct ChainScratch {
  ChainScratch(Carver& carver, size_t locals_size, size_t widest)
      : locals(carver.take<float>(locals_size)),
        prepared{RowElement::kBf16, carver.take<uint8_t>(kBlockRows * prepared_stride(widest)), 0,
                 carver.take<RowScale>(kBlockRows)},
        normed(carver.take<float>(row_stride(widest) + 2 * kPanelCols)),
        sums(carver.take<int32_t>(sums_size(kBlockRows))),
        packing(carver.take<uint16_t>(row_stride(widest))) {}

  float* locals;
  PreparedRows prepared;
  float* normed;
  int32_t* sums;
  uint16_t* packing;
};

// Of a convolution whose weights have `depth` columns.
struct ConvolutionScratch {
  ConvolutionScratch(Carver& carver, size_t depth)
      : stride(row_stride(depth)),
        columns(carver.take<uint16_t>(kBlockRows * stride)),
        sums(carver.take<float>(sums_size(kBlockRows))) {}

  size_t stride;
  uint16_t* columns;
  float* sums;
};

inline constexpr size_t kQueryRows = 28;  // queries of a unit of work
inline constexpr size_t kKeyBlock = 128;  // keys whose scores exist at a time

inline constexpr size_t kSelfRows = 8;   // queries of a unit of the self-attention, at most
inline constexpr size_t kSelfHeads = 2;  // and heads

// Of attention to the self cache.
struct SelfScratch {
  SelfScratch(Carver& carver, size_t positions, size_t head_size)
      : query_stride(round_up(head_size, kPanelCols)),
        stride(round_up(positions, kPanelCols)),
        queries(carver.take<float>(kSelfRows * kSelfHeads * query_stride)),
        scores(carver.take<float>(kSelfRows * kSelfHeads * stride)) {}

  size_t query_stride, stride;
  float* queries;  // [row][head][column]
  float* scores;   // [row][head][position]
};

// Of attention in bfloat16.
struct AttentionScratch {
  AttentionScratch(Carver& carver, size_t head_size)
      : out_stride(row_stride(head_size)),
        scores(carver.take<float>(kQueryRows * kScoreStride)),
        weights(carver.take<uint16_t>(kQueryRows * kWeightStride)),
        out(carver.take<float>(kQueryRows * out_stride)),
        reference(carver.take<float>(kQueryRows)),
        sums(carver.take<float>(kQueryRows * kSumLanes)),
        rescale(carver.take<float>(kQueryRows)) {}

  static constexpr size_t kScoreStride = kKeyBlock + 16, kWeightStride = kKeyBlock + 32;
  size_t out_stride;
  float* scores;
  uint16_t* weights;
  float* out;
  float* reference;
  float* sums;
  float* rescale;
};

inline constexpr size_t kCrossRows = 14;  // queries of a unit of work; each is two rows of bytes

// Of attention to int8 keys and values.
struct CrossScratch {
  CrossScratch(Carver& carver, size_t positions, size_t head_size)
      : score_stride(row_stride(positions)),
        byte_stride(round_up(positions, kSoftmaxMultiple) + 64),
        query_stride(round_up(head_size, kPanelCols)),
        queries(carver.take<uint8_t>(2 * kCrossRows * query_stride)),
        scores(carver.take<float>(kCrossRows * score_stride)),
        weights(carver.take<uint8_t>(2 * kCrossRows * byte_stride)),
        sums(carver.take<int32_t>(2 * kCrossRows * kPanelCols)),
        scale(carver.take<float>(kCrossRows)) {}

  size_t score_stride, byte_stride, query_stride;
  uint8_t* queries;  // high bytes of all rows, then low bytes
  float* scores;
  uint8_t* weights;  // in the same way
  int32_t* sums;
  float* scale;
};

}  // namespace npu::cpu
