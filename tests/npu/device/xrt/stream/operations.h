// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations of Whisper of any width, as plans of the array have them. Places follow each other in
// the buffers; nothing is shared.
#pragma once

#include <string>
#include <vector>

#include "device/xrt/image/operation.h"
#include "device/xrt/stream/transfers.h"

namespace npu::testing {

class OperationMaker {
 public:
  // A matrix of so many columns in a buffer of its own.
  array::Tiles matrix(array::Layout layout, size_t rows, size_t columns);
  // Keys or values of `heads` heads, in blocks of 64.
  array::Tiles keys(array::Layout layout, size_t heads, size_t blocks, bool values,
                    array::Buffer buffer);

  // Epilogues that need no second input of A; the output takes all N tiles.
  array::Operation product(uint32_t rows, size_t k, size_t n, array::Layout in, array::Layout out);
  array::Operation residual_product(uint32_t rows, size_t k, size_t n, array::Layout in);
  // Q, K and V of so many heads in one operation.
  array::Operation qkv(uint32_t rows, size_t heads, size_t blocks);
  array::Operation taps(uint32_t rows, size_t k, size_t n, uint32_t taps);
  array::Operation layer_norm(uint32_t rows, size_t width, bool fine);
  array::Operation attention(uint32_t rows, size_t heads, size_t blocks, bool fine,
                             array::Buffer keys);
  array::Operation part(size_t heads, size_t blocks);
  array::Operation combine(size_t heads, size_t parts, bool fine);
  array::Operation alignment(size_t heads, size_t blocks);
  array::Operation logits(uint32_t rows, size_t k, size_t n);  // rows 4, 8 or 16
  array::Operation top_k(size_t k, size_t n);

  // All that encoder and decoder do.
  std::vector<array::Operation> encoder(size_t width, size_t mel);
  std::vector<array::Operation> decoder(size_t width, size_t vocabulary);

 private:
  array::BufferPlace take(array::Buffer buffer, uint64_t bytes);
  array::Operation base(const std::string& name, kernels::Op op, uint32_t rows, uint32_t tiles);
  void add_pass(array::Operation& operation);

  uint64_t used_[5] = {};
};

// Argument of the waste, and the others: weights, activations, host, cross and self caches.
inline constexpr unsigned kWasteArgument = 5;
array::Binding binding(std::span<const array::AppendedRow> rows);

}  // namespace npu::testing
