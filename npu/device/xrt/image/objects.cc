// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/objects.h"

#include <algorithm>

#include "kv_cache/kv_cache.h"
#include "matmul/matmul.h"

namespace npu::array {
namespace {

using kernels::kCoreRows;
using kernels::kObjectBytes;
using kernels::kTile;
using kernels::kTileElements;
using kernels::Op;

constexpr uint32_t kTileBytes = kTileElements;
constexpr uint32_t kPiece = kernels::kGroupRows * kTile;
constexpr uint32_t kObject = kObjectBytes;

bool has_valid_rows(const Operation& operation, unsigned core_row) {
  return operation.rows > kernels::kGroupRows || core_row == 0;
}

BufferPlace tile_at(const Tiles& tiles, uint64_t row_tile, uint64_t column_tile) {
  return tiles.place + (row_tile * tiles.row_step + column_tile * tiles.column_step);
}

// A of one core row.
class AStream {
 public:
  AStream(const Operation& operation, const VisitObject& visit) : op_(operation), visit_(visit) {}

  void row_tile(uint64_t row_tile, uint32_t round) const {
    switch (op_.op) {
      case Op::kMatmul:
        return product(row_tile, round);
      case Op::kLayerNorm:
        for (uint32_t i = 0; i < 2 * op_.in_tiles; ++i)
          whole(tile_at(op_.in, row_tile, i % op_.in_tiles));
        return;
      case Op::kAttention:
      case Op::kAlignment:
        for (uint32_t head = round * kArrayColumns;
             head < std::min(op_.tiles, (round + 1) * kArrayColumns); head += 2)
          pair(op_.in.place + row_tile * op_.in.row_step, head);
        return;
      case Op::kCombine:
        for (uint32_t part = 0; part < op_.in_tiles; ++part) whole(tile_at(op_.in, part, round));
        return;
      case Op::kPass:
      case Op::kAdd:
        return;
    }
  }

 private:
  void product(uint64_t row_tile, uint32_t round) const {
    for (uint32_t plane = 0; plane < op_.planes; ++plane)
      for (uint32_t tap = 0; tap < op_.taps; ++tap)
        for (uint32_t tile = 0; tile < op_.in_tiles; tile += 2)
          pair(op_.in.place +
                   (row_tile * op_.in.row_step + plane * op_.in.plane_step + tap * op_.tap_step),
               tile);
    if (!op_.residual) return;
    for (uint32_t tile = round * kArrayColumns;
         tile < std::min(op_.tiles, (round + 1) * kArrayColumns); ++tile)
      whole(tile_at(*op_.residual, row_tile, tile));
  }
  void pair(const BufferPlace& row, uint64_t tile) const {
    const Piece pieces[] = {{row + tile * op_.in.column_step, kTileBytes},
                            {row + (tile + 1) * op_.in.column_step, kTileBytes}};
    visit_(pieces);
  }
  void whole(const BufferPlace& place) const {
    const Piece piece{place, kObject};
    visit_({&piece, 1});
  }

  const Operation& op_;
  const VisitObject& visit_;
};

// C of one core.
class CStream {
 public:
  CStream(const Operation& operation, unsigned core_row, std::span<const AppendedRow> rows,
          const VisitObject& visit)
      : op_(operation),
        core_row_(core_row),
        is_kept_(has_valid_rows(operation, core_row)),
        rows_(rows),
        visit_(visit) {}

  void column(unsigned column) {
    if (op_.op == Op::kLayerNorm) return norm(column);
    for (const Output& output : op_.outputs) {
      if (output.to.layout == Layout::kCandidates) {
        if (op_.tiles_of_column(column) > 0)
          object({output.to.place + column * output.to.column_step});
        continue;
      }
      for (uint32_t tile = column; column < op_.dealt && tile < op_.tiles; tile += op_.dealt) {
        if (tile < output.first_tile || tile >= output.first_tile + output.tile_count) continue;
        for (uint32_t t = 0; t < op_.m_tiles; ++t) result(output.to, t, tile - output.first_tile);
      }
      flush();
    }
  }

 private:
  void norm(unsigned column) {
    const Output& output = op_.outputs.front();
    for (uint32_t t = 0; t < op_.m_tiles; ++t)
      for (uint32_t tile = column; tile < op_.in_tiles; tile += kArrayColumns)
        result(output.to, t, tile);
    flush();
  }

  // What one tile gives.
  void result(const Tiles& to, uint32_t t, uint32_t tile) {
    const BufferPlace place = tile_at(to, t * uint64_t{kCoreRows} + core_row_, tile);
    switch (to.layout) {
      case Layout::kT64:
      case Layout::kKeys:
      case Layout::kValues:
        return object({place});
      case Layout::kFine:
        object({place});
        return object({place + to.plane_step});
      case Layout::kResidual:
      case Layout::kParts:
        object({place});
        return object({place + kTileBytes});
      case Layout::kNarrow:
        return pieces({{to.place + tile * to.column_step, kPiece}});
      case Layout::kNarrowFine: {
        const BufferPlace high = to.place + tile * to.column_step;
        return pieces({{high, kPiece}, {high + to.plane_step, kPiece}});
      }
      case Layout::kNarrowResidual:
        return pieces({{to.place + tile * to.column_step, 2 * kPiece}});
      case Layout::kLogits:
        return pieces({{to.place + tile * to.column_step, static_cast<uint32_t>(to.column_step)}});
      case Layout::kCacheRows:
        return cache_rows(to, tile);
      case Layout::kScores:
        for (uint64_t i = 0; i < to.column_step / to.row_step; ++i) object({tile_at(to, i, tile)});
        return;
      case Layout::kCandidates:
        return;
    }
  }

  // Row by row; what is of no row of the table is thrown away.
  void cache_rows(const Tiles& to, uint32_t head) {
    std::vector<Piece> all;
    for (const AppendedRow& row : rows_) {
      const auto position = static_cast<unsigned>(row.position);
      BufferPlace place =
          tile_at(to, position / kTile, head) + kernels::cache_index(position % kTile, 0);
      place.slot = row.slot;
      for (unsigned d = 0; d < kTile; d += kernels::kCachePiece)
        all.push_back({place + kernels::cache_index(0, d), kernels::kCachePiece});
    }
    const auto rest = static_cast<uint32_t>(kPiece - rows_.size() * kTile);
    if (rest > 0) all.push_back({std::nullopt, rest});
    pieces(all);
  }

  // A whole object.
  void object(const BufferPlace& place) {
    const Piece piece{is_kept_ ? std::optional(place) : std::nullopt, kTileBytes};
    visit_({&piece, 1});
  }
  // A piece that shares an object with others.
  void pieces(const std::vector<Piece>& parts) {
    uint32_t bytes = 0;
    for (const Piece& part : parts) bytes += part.bytes;
    if (used_ + bytes > kTileBytes) flush();
    for (const Piece& part : parts)
      waiting_.push_back({is_kept_ ? part.place : std::nullopt, part.bytes});
    used_ += bytes;
    if (used_ == kTileBytes) flush();
  }
  void flush() {
    if (used_ == 0) return;
    if (used_ < kTileBytes) waiting_.push_back({std::nullopt, kTileBytes - used_});
    visit_(waiting_);
    waiting_.clear();
    used_ = 0;
  }

  const Operation& op_;
  unsigned core_row_;
  bool is_kept_;
  std::span<const AppendedRow> rows_;
  const VisitObject& visit_;
  std::vector<Piece> waiting_;
  uint32_t used_ = 0;
};

}  // namespace

void for_each_a(const Operation& operation, unsigned core_row, const VisitObject& visit) {
  if (!has_valid_rows(operation, core_row)) return;
  const AStream stream(operation, visit);
  for (uint32_t round = 0; round < operation.rounds(); ++round)
    for (uint32_t t = 0; t < operation.m_tiles; ++t)
      stream.row_tile(t * uint64_t{kCoreRows} + core_row, round);
}

void for_each_b(const Operation& operation, unsigned column, const VisitObject& visit) {
  const auto give = [&](const BufferPlace& place) {
    const Piece piece{place, kObject};
    visit({&piece, 1});
  };
  const uint32_t tiles = operation.tiles_of_column(column);
  for (uint32_t i = 0; i < tiles; ++i) {
    const uint64_t tile = column + uint64_t{i} * operation.dealt;
    give(operation.descriptors + tile * operation.descriptor_step);
    for (uint32_t again = 0; again < operation.m_tiles * operation.planes; ++again)
      for (uint64_t object = 0; object < operation.count; ++object)
        give(operation.objects + (tile * operation.object_step + object * kObjectBytes));
  }
  if (tiles < operation.rounds() && operation.pass) give(*operation.pass);
}

void for_each_c(const Operation& operation, unsigned column, unsigned core_row,
                std::span<const AppendedRow> rows, const VisitObject& visit) {
  CStream(operation, core_row, rows, visit).column(column);
}

}  // namespace npu::array
