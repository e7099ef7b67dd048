// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bit>

#include "array_ops.h"
#include "array_tiles.h"
#include "fine/fine.h"
#include "gelu/gelu.h"
#include "kv_cache/kv_cache.h"
#include "matmul/matmul.h"
#include "numerics/make_tables.h"
#include "residual/residual.h"
#include "topk/topk.h"

namespace npu::testing {
namespace {

using namespace kernels;  // NOLINT: their names are those of the kernels' headers

// Weights as B objects, one tile of outputs after the other.
class Objects {
 public:
  explicit Objects(const quantised::Matrix& matrix)
      : count_((matrix.cols + kObjectK - 1) / kObjectK),
        bytes_(tiles_of(matrix.rows) * count_ * kObjectBytes) {
    for (size_t n = 0; n < matrix.rows; ++n)
      for (size_t k = 0; k < matrix.cols; ++k)
        bytes_.data()[(n / kTile * count_ + k / kObjectK) * kObjectBytes +
                      b_object_index(k % kObjectK, n % kTile)] =
            matrix.weights[n * matrix.cols + k];
  }
  size_t count() const { return count_; }
  const int8_t* object(size_t tile, size_t index) const {
    return bytes_.data() + (tile * count_ + index) * kObjectBytes;
  }

 private:
  size_t count_;
  Tile<int8_t> bytes_;
};

// A planes of 64 rows as A objects.
template <typename Plane>
Tile<int8_t> left_objects(const Plane& plane, const Rows& in, size_t first, size_t count) {
  Tile<int8_t> objects(count * kObjectBytes);
  for (size_t r = first; r < std::min(in.rows, first + kTile); ++r)
    for (size_t k = 0; k < in.cols; ++k)
      objects.data()[k / kObjectK * kObjectBytes +
                     a_object_index(static_cast<unsigned>(r - first), k % kObjectK)] =
          static_cast<int8_t>(plane[r * in.cols + k]);
  return objects;
}

// 64 rows of the input, and their sums with one tile of outputs.
class Left {
 public:
  Left(const Rows& in, size_t first, const Objects& right)
      : right_(right),
        groups_(groups_of(in.rows - first)),
        high_(left_objects(in.values, in, first, right.count())) {
    if (in.kind == Kind::kFine) low_ = left_objects(in.low, in, first, right.count());
  }
  unsigned groups() const { return groups_; }

  void sum(size_t tile, const int32_t* bias, int32_t* sums) const {
    if (low_.size() == 0) {
      npu_matmul_start_i32(bias, sums, groups_);
      return add(high_, tile, sums);
    }
    npu_matmul_clear_i32(sums, groups_);
    add(high_, tile, sums);
    npu_matmul_shift_i32(sums, bias, groups_);
    add(low_, tile, sums);
  }

 private:
  void add(const Tile<int8_t>& plane, size_t tile, int32_t* sums) const {
    for (size_t i = 0; i < right_.count(); ++i)
      npu_matmul_i8(plane.data() + i * kObjectBytes, right_.object(tile, i), sums, groups_);
  }

  const Objects& right_;
  unsigned groups_;
  Tile<int8_t> high_, low_;
};

const int16_t* gelu_table() {
  static const Tile<int16_t> laid_out = [] {
    Tile<int16_t> table(kLinearTableElements);
    lay_out(make_gelu_table(kGeluStep), table.data());
    return table;
  }();
  return laid_out.data();
}

// What follows the sums of one tile.
class Epilogue {
 public:
  Epilogue(const quantised::Matrix& matrix, size_t tile)
      : matrix_(matrix),
        mult_(slice_of(matrix.out.mult, tile * kTile)),
        shift_(matrix.out.shift[tile]) {
    if (!matrix.gelu) return;
    out_mult_ = slice_of(matrix.gelu_out.mult, tile * kTile);
    gelu_ = {mult_.data(), shift_, out_mult_.data(), matrix.gelu_out.shift[tile]};
  }

  void to_int8(const int32_t* sums, int8_t* out, unsigned groups) const {
    if (matrix_.gelu)
      npu_gelu_i8(sums, &gelu_, gelu_table(), out, groups);
    else
      npu_requantise_i8(sums, mult_.data(), shift_, out, groups);
  }
  void to_fine(int32_t* sums, int8_t* high, int8_t* low, unsigned groups) const {
    if (matrix_.gelu) return npu_gelu_fine_i8(sums, &gelu_, gelu_table(), high, low, groups);
    auto* values = reinterpret_cast<int16_t*>(sums);
    npu_requantise_i16(sums, mult_.data(), shift_, values, groups);
    npu_fine_split_i16(values, high, low, groups);
  }
  void to_residual(int32_t* sums, const int16_t* residual, int16_t* out, unsigned groups) const {
    if (matrix_.gelu) return npu_gelu_add_i16(sums, &gelu_, gelu_table(), residual, out, groups);
    const ResidualFactors factors{mult_.data(), shift_, matrix_.residual_shift};
    npu_residual_add_i16(sums, &factors, residual, out, groups);
  }
  // As T64 again.
  void to_values(const int32_t* sums, int8_t* out, unsigned groups) const {
    Tile<int8_t> block(kTileElements);
    npu_requantise_v_i8(sums, mult_.data(), shift_, block.data(), groups);
    for (unsigned r = 0; r < kTile; ++r)
      for (unsigned c = 0; c < kTile; ++c) out[tile_index(r, c)] = block.data()[cache_index(r, c)];
  }
  void to_keys(const int32_t* sums, int8_t* out, unsigned groups) const {
    Tile<int8_t> block(kTileElements);
    npu_requantise_kt_i8(sums, mult_.data(), shift_, block.data(), groups);
    for (unsigned r = 0; r < kTile; ++r)
      for (unsigned c = 0; c < kTile; ++c) out[tile_index(r, c)] = block.data()[cache_index(c, r)];
  }

 private:
  const quantised::Matrix& matrix_;
  Tile<int16_t> mult_, out_mult_;
  unsigned shift_;
  GeluFactors gelu_{};
};

Kind kind_of(Leaves leaves) {
  switch (leaves) {
    case Leaves::kInt8:
      return Kind::kUnsigned;
    case Leaves::kValues:
    case Leaves::kKeys:
      return Kind::kSigned;
    case Leaves::kFine:
      return Kind::kFine;
    case Leaves::kResidual:
      return Kind::kResidual;
  }
  return Kind::kUnsigned;
}

}  // namespace

Rows array_product(const quantised::Matrix& matrix, const Rows& in, Leaves leaves,
                   const Rows* residual) {
  const Objects right(matrix);
  Rows out(kind_of(leaves), in.rows, matrix.rows);
  Tile<int32_t> sums(kTileElements);
  Tile<int8_t> bytes(kTileElements), low(kTileElements);
  Tile<int16_t> stream(kTileElements);
  for (size_t row = 0; row < in.rows; row += kTile) {
    const Left left(in, row, right);
    const unsigned groups = left.groups();
    for (size_t tile = 0; tile < tiles_of(matrix.rows); ++tile) {
      const size_t col = tile * kTile;
      const Epilogue epilogue(matrix, tile);
      left.sum(tile, slice_of(matrix.bias, col).data(), sums.data());
      if (leaves == Leaves::kResidual) {
        const auto before = tile_of<int16_t>(residual->values, out.rows, out.cols, row, col);
        epilogue.to_residual(sums.data(), before.data(), stream.data(), groups);
        untile(stream.data(), out.values, out.rows, out.cols, row, col);
        continue;
      }
      if (leaves == Leaves::kInt8) epilogue.to_int8(sums.data(), bytes.data(), groups);
      if (leaves == Leaves::kValues) epilogue.to_values(sums.data(), bytes.data(), groups);
      if (leaves == Leaves::kKeys) epilogue.to_keys(sums.data(), bytes.data(), groups);
      if (leaves == Leaves::kFine) {
        epilogue.to_fine(sums.data(), bytes.data(), low.data(), groups);
        untile(low.data(), out.low, out.rows, out.cols, row, col);
      }
      untile(bytes.data(), out.values, out.rows, out.cols, row, col);
    }
  }
  return out;
}

Rows array_taps(const Rows& in, size_t stride, size_t out_rows) {
  Rows out(in.kind, out_rows, 3 * in.cols);
  for (size_t r = 0; r < out_rows; ++r)
    for (size_t tap = 0; tap < 3; ++tap) {
      const size_t from = r * stride + tap;  // counted from the row of zeros before the first
      if (from == 0 || from > in.rows) continue;
      for (size_t c = 0; c < in.cols; ++c) {
        const size_t to = r * out.cols + tap * in.cols + c;
        out.values[to] = in.values[(from - 1) * in.cols + c];
        if (in.kind == Kind::kFine) out.low[to] = in.low[(from - 1) * in.cols + c];
      }
    }
  return out;
}

std::vector<int32_t> array_scores(const quantised::Matrix& matrix, const Rows& in) {
  const Objects right(matrix);
  const Left left(in, 0, right);
  std::vector<int32_t> scores(in.rows * matrix.rows);
  Tile<int32_t> sums(kTileElements);
  Tile<kernels::Candidate> best(kGroupRows * kTopK);
  for (size_t tile = 0; tile < tiles_of(matrix.rows); ++tile) {
    const size_t first = tile * kTile;
    const auto mult = slice_of(matrix.out.mult, first);
    left.sum(tile, slice_of(matrix.bias, first).data(), sums.data());
    for (size_t part = 0; part < kTile && first + part < matrix.rows; part += kTopK) {
      const size_t count = std::min(size_t{kTopK}, matrix.rows - first - part);
      npu_topk_start(best.data());
      npu_topk_i32(sums.data(), mult.data(), matrix.out.shift[tile], static_cast<int32_t>(first),
                   ((uint64_t{1} << count) - 1) << part, best.data(),
                   static_cast<unsigned>(in.rows));
      for (size_t r = 0; r < in.rows; ++r)
        for (size_t i = 0; i < count; ++i) {
          const kernels::Candidate& candidate = best.data()[r * kTopK + i];
          scores[r * matrix.rows + static_cast<size_t>(candidate.token)] = candidate.score;
        }
    }
  }
  return scores;
}

Rows array_embed(const quantised::Embedding& embedding, const std::vector<int16_t>& positions,
                 std::span<const int> tokens, size_t first_position, size_t width) {
  Rows out(Kind::kResidual, tokens.size(), width);
  Tile<int32_t> sums(kTileElements);
  Tile<int16_t> mult(kTile), token(kTileElements), position(kTileElements);
  for (size_t r = 0; r < tokens.size(); ++r)
    for (size_t col = 0; col < width; col += kTile) {
      const auto id = static_cast<size_t>(tokens[r]);
      std::fill_n(mult.data(), kTile, embedding.mult[id]);
      for (size_t c = 0; c < kTile; ++c) {
        const size_t place = tile_index(0, static_cast<unsigned>(c));
        sums.data()[place] = embedding.weights[id * width + col + c];
        position.data()[place] = positions[(first_position + r) * width + col + c];
      }
      npu_requantise_i16(sums.data(), mult.data(), embedding.shift[id], token.data(), 1);
      npu_add_i16(token.data(), position.data(), token.data(), kGroupRows * kTile);
      for (size_t c = 0; c < kTile; ++c)
        out.values[r * width + col + c] = token.data()[tile_index(0, static_cast<unsigned>(c))];
    }
  return out;
}

}  // namespace npu::testing
