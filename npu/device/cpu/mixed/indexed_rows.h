// SPDX-License-Identifier: LGPL-2.1-or-later
// Attention of queries to rows of bfloat16 that lie anywhere: those of the self cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace npu::cpu {

// Rows of a call. The caller works through long lists a block at a time, so that several queries
// and heads find a block in the cache; what is known of the rows behind it is fetched meanwhile.
inline constexpr size_t kIndexedBlock = 16;

// Where the rows of a block begin, of all heads.
struct IndexedBf16Rows {
  // Of `indices`, the first `here` are the block's, 1 to kIndexedBlock; those behind it are to be
  // fetched, as far as they are of the next block.
  IndexedBf16Rows(const uint16_t* data, size_t stride, std::span<const int> indices, size_t here)
      : count(here), more(std::min(indices.size() - here, kIndexedBlock)) {
    const auto at = [&](size_t i) { return data + static_cast<size_t>(indices[i]) * stride; };
    for (size_t i = 0; i < kIndexedBlock; ++i) row[i] = at(std::min(i, count - 1));
    for (size_t i = 0; i < more; ++i) next[i] = at(count + i);
  }

  const uint16_t* row[kIndexedBlock];   // behind the last, the last again
  const uint16_t* next[kIndexedBlock];  // `more` of them
  size_t count;
  size_t more;
};

// Columns column..column + cols of rows: those of a head.
struct HeadColumns {
  size_t column, cols;
};

// Puts a query's columns into the order in which rows are read, once for all blocks. `out` is in
// whole panels.
void split_query(const float* q, size_t cols, float* out);
// out[s][i] = q[s] * row i for each of `queries` queries, which come from split_query(). out[s] has
// room for kIndexedBlock numbers, of which those beyond `count` mean nothing. The result for a row
// and a query is the same whatever others there are.
void indexed_dots_bf16(const float* const* q, size_t queries, const IndexedBf16Rows& keys,
                       HeadColumns head, float* const* out);
// out[s] += sum over i < count of weights[s][i] * row i, for each of `sums` sums. The result for a
// sum is the same whatever others there are.
void add_indexed_bf16(const float* const* weights, size_t sums, const IndexedBf16Rows& values,
                      HeadColumns head, float* const* out);

}  // namespace npu::cpu
