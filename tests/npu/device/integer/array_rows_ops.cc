// SPDX-License-Identifier: LGPL-2.1-or-later
// Layer norm and attention.
#include "array_ops.h"
#include "array_tiles.h"
#include "attention/attention.h"
#include "kv_cache/kv_cache.h"
#include "layer_norm/layer_norm.h"
#include "numerics/make_tables.h"

namespace npu::testing {
namespace {

using namespace kernels;  // NOLINT: their names are those of the kernels' headers

const int16_t* exp2_table() {
  static const Tile<int16_t> laid_out = [] {
    Tile<int16_t> table(kLinearTableElements);
    lay_out(make_exp2_table(), table.data());
    return table;
  }();
  return laid_out.data();
}

// K^T and V of 64 keys of a head.
Tile<int8_t> kv_block(const Rows& k, const Rows& v, size_t first_key, size_t column) {
  Tile<int8_t> block(kObjectBytes);
  for (size_t key = first_key; key < std::min(k.rows, first_key + kTile); ++key)
    for (unsigned d = 0; d < kTile; ++d) {
      const auto index = static_cast<unsigned>(key - first_key);
      block.data()[cache_index(d, index)] =
          static_cast<int8_t>(k.values[key * k.cols + column + d]);
      block.data()[kTileElements + cache_index(index, d)] =
          static_cast<int8_t>(v.values[key * v.cols + column + d]);
    }
  return block;
}

// 64 rows of one head.
class HeadRows {
 public:
  HeadRows(const quantised::Attention& attention, size_t head, unsigned groups)
      : attention_(attention), head_(head), groups_(groups) {
    npu_attention_start(rows_.data(), weighted_.data(), groups_);
  }
  void block(const int8_t* q, const int8_t* kv, const int32_t* limits, size_t first_key) {
    const AttentionBlock block{attention_.mult[head_], attention_.shift[head_],
                               static_cast<int32_t>(first_key)};
    npu_attention_block_i8(q, kv, &block, limits, exp2_table(), scratch_.data(), rows_.data(),
                           weighted_.data(), groups_);
  }
  void finish(Rows& out, size_t first_row, size_t column) {
    if (attention_.output == quantised::Input::kFine) {
      npu_attention_finish_fine_i8(rows_.data(), weighted_.data(), attention_.gain, bytes_.data(),
                                   low_.data(), groups_);
      untile(low_.data(), out.low, out.rows, out.cols, first_row, column);
    } else {
      npu_attention_finish_i8(rows_.data(), weighted_.data(), attention_.gain, bytes_.data(),
                              groups_);
    }
    untile(bytes_.data(), out.values, out.rows, out.cols, first_row, column);
  }

 private:
  const quantised::Attention& attention_;
  size_t head_;
  unsigned groups_;
  Tile<AttentionRow> rows_{kTile};
  Tile<int32_t> weighted_{kTileElements};
  Tile<int8_t> scratch_{kAttentionScratchBytes}, bytes_{kTileElements}, low_{kTileElements};
};

}  // namespace

Rows array_norm(const quantised::Norm& norm, const Rows& in) {
  const bool fine = norm.output == quantised::Input::kFine;
  Rows out(fine ? Kind::kFine : Kind::kUnsigned, in.rows, in.cols);
  const auto d = static_cast<unsigned>(in.cols);
  Tile<int32_t> sums(kNormSumElements);
  Tile<NormRow> rows(kTile);
  Tile<int16_t> scratch(kTileElements);
  Tile<int8_t> bytes(kTileElements), low(kTileElements);
  for (size_t row = 0; row < in.rows; row += kTile) {
    const unsigned groups = groups_of(in.rows - row);
    for (size_t col = 0; col < in.cols; col += kTile)
      npu_layer_norm_sums(tile_of<int16_t>(in.values, in.rows, in.cols, row, col).data(),
                          sums.data(), col == 0, groups);
    npu_layer_norm_rows(sums.data(), d, norm.epsilon, rows.data(), groups);
    for (size_t col = 0; col < in.cols; col += kTile) {
      const auto tile = tile_of<int16_t>(in.values, in.rows, in.cols, row, col);
      const auto gamma = slice_of(norm.gamma, col);
      const auto beta = slice_of(norm.beta, col);
      if (fine) {
        npu_layer_norm_fine_i8(tile.data(), rows.data(), d, gamma.data(), beta.data(),
                               norm.out_shift, scratch.data(), bytes.data(), low.data(), groups);
        untile(low.data(), out.low, out.rows, out.cols, row, col);
      } else {
        npu_layer_norm_i8(tile.data(), rows.data(), d, gamma.data(), beta.data(), norm.out_shift,
                          bytes.data(), groups);
      }
      untile(bytes.data(), out.values, out.rows, out.cols, row, col);
    }
  }
  return out;
}

Rows array_attention(const quantised::Attention& attention, const Rows& q, const Rows& k,
                     const Rows& v, std::span<const int32_t> limits) {
  const bool fine = attention.output == quantised::Input::kFine;
  Rows out(fine ? Kind::kFine : Kind::kUnsigned, q.rows, q.cols);
  for (size_t head = 0; head < attention.mult.size(); ++head) {
    const size_t column = head * kTile;
    std::vector<Tile<int8_t>> blocks;
    for (size_t key = 0; key < k.rows; key += kTile) blocks.push_back(kv_block(k, v, key, column));
    for (size_t row = 0; row < q.rows; row += kTile) {
      const auto queries = tile_of<int8_t>(q.values, q.rows, q.cols, row, column);
      Tile<int32_t> seen(kTile);
      for (size_t r = row; r < std::min(q.rows, row + kTile); ++r) seen.data()[r - row] = limits[r];
      HeadRows rows(attention, head, groups_of(q.rows - row));
      for (size_t i = 0; i < blocks.size(); ++i)
        rows.block(queries.data(), blocks[i].data(), seen.data(), i * kTile);
      rows.finish(out, row, column);
    }
  }
  return out;
}

Rows array_alignment(const quantised::Attention& attention, size_t head, const Rows& q,
                     const Rows& k) {
  Rows out(Kind::kResidual, q.rows, k.rows);
  const AttentionBlock block{attention.mult[head], attention.shift[head], 0};
  Tile<int16_t> exponents(kTileElements);
  for (size_t key = 0; key < k.rows; key += kTile) {
    const auto kt = kv_block(k, k, key, head * kTile);
    for (size_t row = 0; row < q.rows; row += kGroupRows) {
      const auto queries = tile_of<int8_t>(q.values, q.rows, q.cols, row, head * kTile);
      npu_alignment_scores_i16(queries.data(), kt.data(), &block, exponents.data());
      for (size_t r = row; r < std::min(q.rows, row + kGroupRows); ++r)
        for (size_t i = key; i < std::min(k.rows, key + kTile); ++i)
          out.values[r * out.cols + i] = exponents.data()[tile_index(
              static_cast<unsigned>(r - row), static_cast<unsigned>(i - key))];
    }
  }
  return out;
}

}  // namespace npu::testing
