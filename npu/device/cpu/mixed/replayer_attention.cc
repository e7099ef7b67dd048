// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of the attention operations. No score is ever written beyond the scratch of a thread.
#include <algorithm>
#include <cmath>
#include <limits>

#include "device/cpu/kernels.h"
#include "device/cpu/mixed/indexed_rows.h"
#include "device/cpu/mixed/replayer.h"

namespace npu::cpu {
namespace {

constexpr float kLog2E = 1.44269504f;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}
size_t blocks(size_t total, size_t block) {
  return (total + block - 1) / block;
}
float score_scale(size_t head_size) {
  return 1.0f / std::sqrt(static_cast<float>(head_size));
}

}  // namespace

// `out` begins at the first of its rows.
void MixedReplayer::attend(const Bf16Queries& queries, const Bf16Heads& kv, size_t head,
                           size_t first, const Matrix& out, size_t thread) const {
  Carver memory = carver(thread);
  const AttentionScratch s(memory, kv.head_size);
  constexpr size_t kScoreStride = AttentionScratch::kScoreStride;
  constexpr size_t kWeightStride = AttentionScratch::kWeightStride;
  std::fill_n(s.reference, out.rows, -std::numeric_limits<float>::infinity());
  std::fill_n(s.sums, out.rows * kSumLanes, 0.0f);
  const uint16_t* rows = queries.row(head, first);
  for (size_t begin = 0; begin < kv.positions; begin += kKeyBlock) {
    const size_t keys = std::min(kKeyBlock, kv.positions - begin);
    for (size_t p = 0; p < blocks(keys, kPanelCols); ++p)
      dot_.bf16({rows, queries.stride(), out.rows, kv.key_panel(head, begin / kPanelCols + p),
                 kv.key_groups(), s.scores + p * kPanelCols, kScoreStride});
    dot_.softmax({s.scores, kScoreStride, s.weights, kWeightStride, out.rows, keys, s.reference,
                  s.sums, s.rescale});
    for (size_t p = 0; p < kv.col_panels(); ++p)
      dot_.bf16({s.weights, kWeightStride, out.rows, kv.value_panel(head, p, begin),
                 blocks(keys, 2), s.out + p * kPanelCols, s.out_stride,
                 begin > 0 ? s.rescale : nullptr});
  }
  for (size_t r = 0; r < out.rows; ++r) {
    float* to = out.row(r) + head * kv.head_size;
    float sum = 0;
    for (size_t i = 0; i < kSumLanes; ++i) sum += s.sums[r * kSumLanes + i];
    const float scale = 1 / sum;
    for (size_t c = 0; c < kv.head_size; ++c) to[c] = s.out[r * s.out_stride + c] * scale;
  }
}

bool MixedReplayer::run(const Attention& op) {
  const Matrix out = value(op.out);
  const size_t units = blocks(out.rows, kQueryRows);
  return turn_.run(size(op.heads) * units, [&](size_t unit, size_t thread) {
    const size_t first = unit % units * kQueryRows;
    Matrix part = out;
    part.data = out.row(first);
    part.rows = std::min(kQueryRows, out.rows - first);
    attend(context_.queries_, context_.attended_, unit / units, first, part, thread);
  });
}

// Products of queries with the keys of a head, without the factor of the softmax. Queries have 16
// bits, so that nothing is lost beyond what the cache has lost. Fetches a cache line per group from
// `ahead` on meanwhile or, if that is null, the keys themselves.
void MixedReplayer::key_products(const Int8Heads& kv, size_t head, const Matrix& q,
                                 const int8_t* ahead, const CrossScratch& s) const {
  const size_t rows = q.rows, column = head * kv.head_size;
  uint8_t* low_queries = s.queries + rows * s.query_stride;
  for (size_t r = 0; r < rows; ++r)
    s.scale[r] = split_signed(q.row(r) + column, kv.head_size, s.queries + r * s.query_stride,
                              low_queries + r * s.query_stride);
  for (size_t p = 0; p < kv.panels(); ++p) {
    dot_.int8({s.queries, s.query_stride, 2 * rows, kv.key_panel(head, p), kv.key_groups(), s.sums,
               kPanelCols, ahead});
    if (ahead) ahead += kv.key_groups() * kCacheLine;
    join_signed(s.sums, s.sums + rows * kPanelCols, rows, s.scale,
                kv.head_key_scale(head) + p * kPanelCols, kv.head_key_sum(head) + p * kPanelCols,
                s.scores + p * kPanelCols, s.score_stride);
  }
}

// Weights have 16 bits as well. The memory is to bring what comes next all the time, also while
// nothing is read: half of the values while the keys are multiplied, if those are there already,
// then the other half and half of the keys of the head behind, and the rest with the values.
void MixedReplayer::attend(const Int8Heads& kv, const CrossPart& part, const Matrix& q,
                           const Matrix& out, size_t thread) const {
  Carver memory = carver(thread);
  const CrossScratch s(memory, kv.positions, kv.head_size);
  const size_t head = part.head, rows = q.rows, column = head * kv.head_size;
  const int8_t* values = kv.value_panel(head, 0);
  key_products(kv, head, q, part.fetched ? values : nullptr, s);
  const int8_t* next = values + (part.fetched ? kv.key_bytes() / 2 : 0);
  const int8_t* end = kv.key_panel(head + 1, 0);
  if (part.goes_on) end += kv.key_bytes() / 2;
  const Ahead ahead{next, static_cast<size_t>(end - next) / kCacheLine};
  const size_t groups = kv.value_groups();
  for (size_t r = 0; r < rows; ++r) {
    uint8_t* high = s.weights + r * s.byte_stride;
    uint8_t* low = high + rows * s.byte_stride;
    s.scale[r] =
        split_softmax(s.scores + r * s.score_stride, score_scale(kv.head_size),
                      kv.head_value_scale(head), kv.positions, high, low, ahead.part(r, rows));
  }
  for (size_t p = 0; p < kv.col_panels(); ++p) {
    const int8_t* panel = kv.value_panel(head, p);
    dot_.int8({s.weights, s.byte_stride, 2 * rows, panel, groups, s.sums, kPanelCols,
               part.goes_on ? end + p * groups * kCacheLine : panel});
    const size_t c = p * kPanelCols, cols = std::min(kPanelCols, kv.head_size - c);
    for (size_t r = 0; r < rows; ++r) {
      float joined[kPanelCols];
      join_positive(s.sums + r * kPanelCols, s.sums + (rows + r) * kPanelCols, s.scale[r], joined);
      std::copy_n(joined, cols, out.row(r) + column + c);
    }
  }
}

bool MixedReplayer::run(const CrossAttention& op) {
  const Matrix q = value(op.q), out = value(op.out);
  const size_t heads = size(op.heads), layer = size(op.layer);
  const bool int8 = program_.element() == Element::kInt8;
  if (!int8) context_.cross_queries_.pack(0, q, kLog2E * score_scale(q.cols / heads));
  const size_t units = context_.groups_.size() * heads;
  return turn_.run(units, [&](size_t unit, size_t thread) {
    const RowGroup& group = context_.groups_[unit / heads];
    const size_t head = unit % heads;
    const auto [begin, end] = turn_.units_of(thread, units);
    const Matrix from{q.row(group.first), q.stride, group.rows, q.cols};
    const Matrix to{out.row(group.first), out.stride, group.rows, out.cols};
    const CrossLayer& cross = context_.cross_[group.slot][layer];
    if (int8)
      attend(cross.int8, {head, head > 0 && unit > begin, head + 1 < heads && unit + 1 < end}, from,
             to, thread);
    else
      attend(context_.cross_queries_, cross.bf16, head, group.first, to, thread);
  });
}

bool MixedReplayer::run(const SelfAttention& op) {
  const Matrix q = value(op.q), k = value(op.k), v = value(op.v), out = value(op.out);
  const size_t heads = size(op.heads), head_size = q.cols / heads;
  Bf16SelfLayer& layer = context_.self_[size(op.layer)];
  for (size_t r = 0; r < k.rows; ++r) {
    const size_t to = size(context_.storage_rows_[r]) * layer.stride;
    bf16_row(k.row(r), k.cols, 1, layer.keys.data() + to);
    bf16_row(v.row(r), v.cols, 1, layer.values.data() + to);
  }
  const size_t groups = blocks(heads, kSelfHeads);
  const size_t rows =
      std::min(kSelfRows, blocks(q.rows, std::max(size_t{1}, turn_.threads() / groups)));
  return turn_.run(groups * blocks(q.rows, rows), [&](size_t unit, size_t thread) {
    const size_t head = unit % groups * kSelfHeads, first = unit / groups * rows;
    const SelfPart part{
        layer,    first, std::min(rows, q.rows - first), head, std::min(kSelfHeads, heads - head),
        head_size};
    attend(part, q, out, thread);
  });
}

// Whether a row of the table has these storage rows at positions begin.. of its history.
bool MixedReplayer::has(size_t row, size_t begin, std::span<const int> storage) const {
  const Row& entry = replay_.rows[row];
  return size(entry.position) + 1 >= begin + storage.size() &&
         std::equal(storage.begin(), storage.end(),
                    context_.histories_.rows(entry.self_slot) + begin);
}

// How many of the rows from `row` to `end` have the same block of their histories at `begin`, of
// these storage rows.
size_t MixedReplayer::rows_with(std::span<const int> storage, size_t row, size_t end,
                                size_t begin) const {
  size_t count = 1;
  while (row + count < end &&
         std::min(kIndexedBlock, size(replay_.rows[row + count].position) + 1 - begin) ==
             storage.size() &&
         has(row + count, begin, storage))
    ++count;
  return count;
}

// Rows that are neighbours have most of their history in common when they are beams or a prompt, so
// they go through it together.
void MixedReplayer::attend(const SelfPart& part, const Matrix& q, const Matrix& out,
                           size_t thread) const {
  Carver memory = carver(thread);
  const SelfScratch s(memory, size(context_.limits_.self_positions), part.head_size);
  const auto scores = [&](size_t r, size_t h) {
    return s.scores + (r * kSelfHeads + h) * s.stride;
  };
  const auto query = [&](size_t r, size_t h) {
    return s.queries + (r * kSelfHeads + h) * s.query_stride;
  };
  size_t longest = 0;
  for (size_t r = 0; r < part.rows; ++r) {
    longest = std::max(longest, size(replay_.rows[part.first + r].position) + 1);
    for (size_t h = 0; h < part.heads; ++h)
      split_query(q.row(part.first + r) + (part.head + h) * part.head_size, part.head_size,
                  query(r, h));
  }
  // For every block of the histories, calls body(first row, rows that have it in common, head,
  // columns of the head, begin of the block, block).
  const auto each_block = [&](const AlignedArray<uint16_t>& data, const auto& body) {
    for (size_t begin = 0; begin < longest; begin += kIndexedBlock)
      for (size_t r = 0, common = 1; r < part.rows; r += common) {
        const size_t at = part.first + r;
        const Row& row = replay_.rows[at];
        const size_t positions = size(row.position) + 1;
        common = 1;
        if (begin >= positions) continue;
        const size_t count = std::min(kIndexedBlock, positions - begin);
        const int* history = context_.histories_.rows(row.self_slot) + begin;
        common = rows_with({history, count}, at, part.first + part.rows, begin);
        // What the row before has as well is on its way already.
        size_t more = positions - begin - count;
        if (more > 0 && r > 0 && has(at - 1, begin + count, {history + count, 1})) more = 0;
        const IndexedBf16Rows block(data.data(), part.layer.stride, {history, count + more}, count);
        for (size_t h = 0; h < part.heads; ++h)
          body(r, common, h, {(part.head + h) * part.head_size, part.head_size}, begin, block);
      }
  };
  each_block(part.layer.keys, [&](size_t r, size_t common, size_t h, HeadColumns head, size_t begin,
                                  const IndexedBf16Rows& keys) {
    const float* queries[kSelfRows];
    float* to[kSelfRows];
    for (size_t i = 0; i < common; ++i) {
      queries[i] = query(r + i, h);
      to[i] = scores(r + i, h) + begin;
    }
    indexed_dots_bf16(queries, common, keys, head, to);
  });
  for (size_t r = 0; r < part.rows; ++r)
    for (size_t h = 0; h < part.heads; ++h) {
      const size_t positions = size(replay_.rows[part.first + r].position) + 1;
      const float sum = exponentials(scores(r, h), positions, score_scale(part.head_size));
      const float share = 1 / sum;
      for (size_t i = 0; i < positions; ++i) scores(r, h)[i] *= share;
      std::fill_n(out.row(part.first + r) + (part.head + h) * part.head_size, part.head_size, 0.0f);
    }
  each_block(part.layer.values, [&](size_t r, size_t common, size_t h, HeadColumns head,
                                    size_t begin, const IndexedBf16Rows& values) {
    const float* weights[kSelfRows];
    float* to[kSelfRows];
    for (size_t i = 0; i < common; ++i) {
      weights[i] = scores(r + i, h) + begin;
      to[i] = out.row(part.first + r + i) + head.column;
    }
    add_indexed_bf16(weights, common, values, head, to);
  });
}

bool MixedReplayer::run(const AlignmentScores& op) {
  const Matrix q = value(op.q);
  const size_t room = size(context_.limits_.cross_positions);
  const size_t first_head = alignment_head_, chosen = op.chosen.size();
  const size_t head_size = q.cols / size(op.heads);
  const bool int8 = program_.element() == Element::kInt8;
  // In base 2, as the caches' other readers have them.
  if (!int8) context_.cross_queries_.pack(0, q, kLog2E * score_scale(head_size));
  const float factor = int8 ? score_scale(head_size) : 1 / kLog2E;
  alignment_head_ += chosen;
  return turn_.run(context_.groups_.size() * chosen, [&](size_t unit, size_t thread) {
    const RowGroup& group = context_.groups_[unit / chosen];
    const size_t index = unit % chosen, head = size(op.chosen[index]);
    const CrossLayer& cross = context_.cross_[group.slot][size(op.layer)];
    const size_t positions = cross.positions();
    Carver memory = carver(thread);
    const CrossScratch s(memory, positions, head_size);
    if (int8) {
      key_products(cross.int8, head, {q.row(group.first), q.stride, group.rows, q.cols}, nullptr,
                   s);
    } else {
      const Bf16Queries& queries = context_.cross_queries_;
      for (size_t p = 0; p < cross.bf16.panels(); ++p)
        dot_.bf16({queries.row(head, group.first), queries.stride(), group.rows,
                   cross.bf16.key_panel(head, p), cross.bf16.key_groups(),
                   s.scores + p * kPanelCols, s.score_stride});
    }
    for (size_t r = 0; r < group.rows; ++r) {
      float* to =
          replay_.alignment.data() + ((first_head + index) * q.rows + group.first + r) * room;
      for (size_t p = 0; p < positions; ++p) to[p] = s.scores[r * s.score_stride + p] * factor;
      std::fill(to + positions, to + room, 0.0f);
    }
  });
}

}  // namespace npu::cpu
