// SPDX-License-Identifier: LGPL-2.1-or-later
// Attention of a single query to rows of bfloat16 that lie anywhere: those of the self cache.
#pragma once

#include <cstddef>
#include <cstdint>

namespace npu::cpu {

// Rows of a call. The caller works through long lists a block at a time, so that several queries
// find a block in the cache; what is known of the rows behind it is fetched meanwhile.
inline constexpr size_t kIndexedBlock = 16;

struct IndexedBf16Rows {
  const uint16_t* data;
  size_t stride;
  const int* rows;  // [count], and `more` behind them
  size_t count;     // 1 to kIndexedBlock
  size_t more;
};

// Puts a query's columns into the order in which rows are read, once for all blocks. `out` is in
// whole panels.
void split_query(const float* q, size_t cols, float* out);
// out[i] = q * row i, over `cols` columns, q from split_query(). The result for a row is the same
// for any `count`.
void indexed_dots_bf16(const float* q, const IndexedBf16Rows& keys, size_t cols, float* out);
// out[s] += sum over i < count of weights[s][i] * row i, for each of `sums` sums. The result for a
// sum is the same whatever others there are.
void add_indexed_bf16(const float* const* weights, size_t sums, const IndexedBf16Rows& values,
                      size_t cols, float* const* out);

}  // namespace npu::cpu
