// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "core_streams.h"
#include "kv_cache/kv_cache.h"

namespace core_streams {

using namespace kernels;

// `columns` objects of two heads; the tile of head `select`.
Bytes Writer::queries(Streams& to, const Descriptor& of, unsigned groups) {
  Bytes q(kTileElements);
  for (unsigned i = 0; i < of.head.columns && groups > 0; ++i) {
    to.a.push_back(object());
    if (i != of.head.select / 2) continue;
    const auto from = to.a.back().begin() + of.head.select % 2 * kTileElements;
    q.assign(from, from + kTileElements);
  }
  return q;
}

void Writer::finish(Streams& to, const Descriptor& of, const std::vector<AttentionRow>& rows,
                    const std::vector<int32_t>& weighted, unsigned groups) {
  Bytes high(kTileElements), low(kTileElements);
  if ((of.head.flags & kPart) != 0) {
    // The exponent of a row without keys is of no meaning.
    expect(to, weighted.data(), groups * kTileElements);
    expect(to, rows.data(), groups * kGroupRows * sizeof(AttentionRow));
    for (unsigned row = 0; row < groups * kGroupRows; ++row) {
      if (rows[row].sum != 0) continue;
      std::fill_n(to.c.back().begin() + row * sizeof(AttentionRow), sizeof(int32_t), kAny);
    }
  } else if ((of.head.flags & kFineOutput) != 0) {
    npu_attention_finish_fine_i8_ref(rows.data(), weighted.data(), of.head.out_shift, high.data(),
                                     low.data(), groups);
    give_planes(to, high, low, groups);
  } else {
    npu_attention_finish_i8_ref(rows.data(), weighted.data(), of.head.out_shift, high.data(),
                                groups);
    give(to, high, groups);
  }
}

void Writer::attention(Streams& to, uint32_t flags) {
  const bool one_group = (flags & (kTransposeKeys | kPart | kRowLimits)) != 0;
  Descriptor d = descriptor(Op::kAttention, one_group ? 1 : 2);
  if (one_group) d.head.rows = tiles_.number(1u, 16u);
  d.head.flags |= flags;
  d.head.columns = static_cast<uint8_t>(tiles_.number(1u, 2u));
  d.head.select = static_cast<uint8_t>(tiles_.number(0u, 2u * d.head.columns - 1));
  d.head.out_shift = static_cast<uint8_t>(tiles_.number(0u, (flags & kFineOutput) != 0 ? 12u : 8u));
  const int32_t keys = d.head.count * static_cast<int32_t>(kTile);
  d.head.first_key = static_cast<int32_t>(kTile) * tiles_.number(0, 3);
  d.head.key_count = d.head.first_key + tiles_.number(1, keys);
  d.head.mask_base = tiles_.number(0, d.head.first_key + keys);
  for (int32_t& limit : d.bias) limit = tiles_.number(0, d.head.first_key + keys);
  add_table(d, true);
  append(to, d);
  for (unsigned t = 0; t < d.head.m_tiles; ++t) {
    const unsigned rows = groups(d, t);
    const Bytes q = queries(to, d, rows);
    std::vector<AttentionRow> state(kTile, AttentionRow{0, 0});
    std::vector<int32_t> weighted(kTileElements), limits(kTile, d.head.key_count);
    for (unsigned row = 0; row < kTile; ++row) {
      const int32_t position = static_cast<int32_t>((t * 4 + row_) * 64 + row) + d.head.mask_base;
      if ((flags & kCausal) != 0) limits[row] = std::min(limits[row], position + 1);
      if ((flags & kRowLimits) != 0) limits[row] = d.bias[row];
    }
    AttentionBlock block{d.mult[0], d.head.shift, d.head.first_key};
    for (unsigned i = 0; i < d.head.count; ++i) {
      to.b.push_back(object());
      Bytes kv = to.b.back();
      if ((flags & kTransposeKeys) != 0) npu_transpose_k_i8_ref(to.b.back().data(), kv.data());
      npu_attention_block_i8_ref(q.data(), kv.data(), &block, limits.data(), table_.data(),
                                 state.data(), weighted.data(), rows);
      block.first_key += static_cast<int32_t>(kTile);
    }
    finish(to, d, state, weighted, rows);
  }
}

void Writer::combine(Streams& to) {
  Descriptor d = descriptor(Op::kCombine, 1);
  d.head.rows = tiles_.number(1u, 16u);
  d.head.count = static_cast<uint16_t>(tiles_.number(1u, 4u));
  if (tiles_.number(0, 1)) d.head.flags |= kFineOutput;
  d.head.out_shift = static_cast<uint8_t>(tiles_.number(0u, 8u));
  append(to, d);
  const unsigned rows = groups(d, 0);
  std::vector<AttentionRow> state(kTile, AttentionRow{0, 0});
  std::vector<int32_t> weighted(kTileElements);
  for (unsigned i = 0; i < d.head.count && rows > 0; ++i) {
    std::vector<AttentionRow> part(kGroupRows);
    std::vector<int32_t> values = tiles_.tile<int32_t>(kGroupElements, -(1 << 25), 1 << 25);
    for (unsigned row = 0; row < kGroupRows; ++row) {
      part[row] = {tiles_.number(-128, 127), tiles_.number(0, 4) ? tiles_.number(127, 65280) : 0};
      for (unsigned column = 0; column < kTile && part[row].sum == 0; ++column) {
        values[tile_index(row, column)] = 0;
      }
    }
    npu_attention_combine_ref(state.data(), weighted.data(), part.data(), values.data(), 1);
    Bytes packed(kObjectBytes, 77);
    std::memcpy(packed.data(), values.data(), kTileElements);
    std::memcpy(packed.data() + kTileElements, part.data(), kGroupRows * sizeof(AttentionRow));
    to.a.push_back(packed);
  }
  finish(to, d, state, weighted, rows);
}

void Writer::alignment(Streams& to) {
  Descriptor d = descriptor(Op::kAlignment, 1);
  d.head.rows = tiles_.number(1u, 16u);
  d.head.columns = static_cast<uint8_t>(tiles_.number(1u, 2u));
  d.head.select = static_cast<uint8_t>(tiles_.number(0u, 2u * d.head.columns - 1));
  d.head.count = static_cast<uint16_t>(tiles_.number(1u, 5u));
  append(to, d);
  const unsigned rows = groups(d, 0);
  const Bytes q = queries(to, d, rows);
  const AttentionBlock block{d.mult[0], d.head.shift, 0};
  std::vector<int16_t> scores(d.head.count * kGroupElements);
  for (unsigned i = 0; i < d.head.count; ++i) {
    to.b.push_back(object());
    npu_alignment_scores_i16_ref(q.data(), to.b.back().data(), &block,
                                 scores.data() + i * kGroupElements);
  }
  for (unsigned i = 0; i < d.head.count; i += 2) {
    const size_t blocks = std::min(2u, d.head.count - i);
    expect(to, scores.data() + i * kGroupElements,
           rows > 0 ? blocks * kGroupElements * sizeof(int16_t) : 0);
  }
}

}  // namespace core_streams
