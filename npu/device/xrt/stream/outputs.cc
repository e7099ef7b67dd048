// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/outputs.h"

#include <algorithm>

#include "device/xrt/stream/nest.h"
#include "kv_cache/kv_cache.h"
#include "matmul/matmul.h"

namespace npu::array {
namespace {

using kernels::kCoreRows;
using kernels::kGroupRows;
using kernels::kTile;
using kernels::Op;

constexpr uint32_t kWord = sizeof(uint32_t);
constexpr uint32_t kTileBytes = kernels::kTileElements;
constexpr uint32_t kTileWords = kTileBytes / kWord;
constexpr uint32_t kJoinedWords = kCoreRows * kTileWords;
constexpr uint32_t kPieceWords = kGroupRows * kTile / kWord;  // of int8
constexpr uint32_t kRowWords = kTile / kWord;

// Tiles first, first + 1 .. of those of a column, `last` not included.
struct Run {
  uint32_t first, last;
};

class ColumnOutputs {
 public:
  ColumnOutputs(const Operation& operation, const Binding& binding, unsigned column)
      : op_(operation),
        binding_(binding),
        column_(column),
        all_rows_(operation.rows > kGroupRows),
        waste_(binding.waste + column * kWasteBytes) {}

  ColumnOutput rounds(uint32_t begin, uint32_t end) {
    if (op_.op == Op::kLayerNorm) {
      norm(op_.outputs.front().to);
      return {std::move(tasks_), true};
    }
    const uint32_t tiles = op_.tiles_of_column(column_);
    const Run now{std::min(begin, tiles), std::min(end, tiles)};
    for (const Output& output : op_.outputs) {
      if (output.to.layout == Layout::kCandidates) {
        if (now.first < now.last && now.last == tiles) candidates(output.to);
        continue;
      }
      const Run run = run_of(output);
      const Run here{std::max(run.first, now.first), std::min(run.last, now.last)};
      // The place of tile i of the column, were there all of them.
      const uint64_t back = column_ - uint64_t{output.first_tile};
      if (pieces(output.to) == 0) {
        if (here.first < here.last) whole(output.to, back, here);
      } else if (run.first < run.last) {
        shared(output.to, back, run, now, op_.dealt);
      }
    }
    return {std::move(tasks_), ends_with_ == now.last && now.first < now.last};
  }

 private:
  void append(const Nest& nest) {
    std::vector<Task> tasks = tasks_of(c_channel(column_), nest);
    std::move(tasks.begin(), tasks.end(), std::back_inserter(tasks_));
  }
  // What no one wants of an object.
  void waste(uint32_t words, std::vector<Access>& body) const {
    const bool goes_on = !body.empty() && body.back().place == waste_;
    if (goes_on)
      body.back().run_words += words;
    else
      body.push_back({waste_, words});
  }

  // The column's tiles that go to an output.
  Run run_of(const Output& output) const {
    const auto before = [&](uint64_t tile) {
      return tile <= column_ ? 0u
                             : static_cast<uint32_t>((tile - column_ + op_.dealt - 1) / op_.dealt);
    };
    const uint32_t tiles = op_.tiles_of_column(column_);
    return {std::min(before(output.first_tile), tiles),
            std::min(before(uint64_t{output.first_tile} + output.tile_count), tiles)};
  }

  // Tiles that share an object; 0: a tile has objects of its own.
  static uint32_t pieces(const Tiles& to) {
    switch (to.layout) {
      case Layout::kNarrow:
      case Layout::kCacheRows:
        return kTileWords / kPieceWords;
      case Layout::kNarrowFine:
      case Layout::kNarrowResidual:
        return kTileWords / (2 * kPieceWords);
      case Layout::kLogits:
        return static_cast<uint32_t>(kTileBytes / to.column_step);
      default:
        return 0;
    }
  }

  // Objects of all core rows, `second` bytes apart, at `place`.
  void object(const Tiles& to, const Place& place, uint32_t count, uint64_t second,
              uint64_t inner_step, uint64_t outer_step, std::vector<Access>& body) const {
    if (all_rows_) {
      body.push_back(
          {place, kTileWords, {{kCoreRows, to.row_step}, {count, second}}, inner_step, outer_step});
      return;
    }
    for (uint32_t i = 0; i < count; ++i) {
      body.push_back({place + i * second, kTileWords, {}, inner_step, outer_step});
      waste(kJoinedWords - kTileWords, body);
    }
  }
  void objects_of_tile(const Tiles& to, const Place& place, uint64_t inner_step,
                       uint64_t outer_step, std::vector<Access>& body) const {
    switch (to.layout) {
      case Layout::kFine:
        return object(to, place, 2, to.plane_step, inner_step, outer_step, body);
      case Layout::kResidual:
      case Layout::kParts:
        return object(to, place, 2, kTileBytes, inner_step, outer_step, body);
      default:
        return object(to, place, 1, 0, inner_step, outer_step, body);
    }
  }

  // `back`: what takes tile 0 of the column to its tile of the output, which may be before it.
  void whole(const Tiles& to, uint64_t back, const Run& run) {
    const uint64_t tile = back + uint64_t{run.first} * op_.dealt;
    const Place place = binding_.place(to.place + tile * to.column_step);
    const bool scores = to.layout == Layout::kScores;
    Nest nest{run.last - run.first,
              scores ? static_cast<uint32_t>(to.column_step / to.row_step) : op_.m_tiles,
              {}};
    const uint64_t inner_step = scores ? to.row_step : kCoreRows * to.row_step;
    objects_of_tile(to, place, inner_step, op_.dealt * to.column_step, nest.body);
    append(nest);
    ends_with_ = std::max(ends_with_, run.last);
  }

  // A tile's piece of core row 0, of tile `tile` of the output.
  void piece(const Tiles& to, uint64_t tile, uint32_t count, uint32_t dealt, uint64_t outer_step,
             std::vector<Access>& body) const {
    const uint64_t next = dealt * to.column_step;
    const Place place = binding_.place(to.place + tile * to.column_step);
    switch (to.layout) {
      case Layout::kNarrowFine:
        body.push_back({place, kPieceWords, {{2, to.plane_step}, {count, next}}, 0, outer_step});
        return;
      case Layout::kNarrowResidual:
        body.push_back({place, 2 * kPieceWords, {{count, next}}, 0, outer_step});
        return;
      case Layout::kLogits:
        body.push_back(
            {place, static_cast<uint32_t>(to.column_step / kWord), {{count, next}}, 0, outer_step});
        return;
      case Layout::kCacheRows:
        for (uint32_t i = 0; i < count; ++i) {
          cache_rows(to, tile + uint64_t{i} * dealt, outer_step, body);
          const auto rows = static_cast<uint32_t>(binding_.rows.size());
          if (rows < kGroupRows) waste((kGroupRows - rows) * kRowWords, body);
        }
        return;
      default:
        body.push_back({place, kPieceWords, {{count, next}}, 0, outer_step});
    }
  }

  // A row is 8 pieces of 8 bytes in the block of its position. Rows that lie evenly apart, as those
  // of neighbouring positions or slots do, are one access.
  void cache_rows(const Tiles& to, uint64_t head, uint64_t outer_step,
                  std::vector<Access>& body) const {
    const Loop pieces{kTile / kernels::kCachePiece, kernels::cache_index(0, kernels::kCachePiece)};
    std::vector<Place> places;
    for (const AppendedRow& row : binding_.rows) {
      const auto position = static_cast<unsigned>(row.position);
      BufferPlace place = to.place + (position / kTile * to.row_step + head * to.column_step +
                                      kernels::cache_index(position % kTile, 0));
      place.slot = row.slot;
      places.push_back(binding_.place(place));
    }
    for (size_t i = 0; i < places.size();) {
      size_t count = 1;
      const uint64_t step = i + 1 < places.size() ? step_between(places[i], places[i + 1]) : 0;
      while (step > 0 && i + count < places.size() &&
             step_between(places[i + count - 1], places[i + count]) == step)
        ++count;
      body.push_back({places[i],
                      kernels::kCachePiece / kWord,
                      {pieces, {static_cast<uint32_t>(count), step}},
                      0,
                      outer_step});
      i += count;
    }
  }
  // 0: no step of a descriptor.
  static uint64_t step_between(const Place& from, const Place& to) {
    if (from.argument != to.argument || to.offset_bytes <= from.offset_bytes) return 0;
    const uint64_t step = to.offset_bytes - from.offset_bytes;
    return step <= uint64_t{kMostStep} * kWord ? step : 0;
  }

  // Tiles that share objects: those that end within `now`. The last object leaves as it is.
  void shared(const Tiles& to, uint64_t back, const Run& run, const Run& now, uint32_t dealt) {
    const uint32_t each = pieces(to), full = (run.last - run.first) / each;
    const auto ends_now = [&](uint32_t end) { return end > now.first && end <= now.last; };
    uint32_t begin = 0, end = 0;  // of the full objects that do
    for (uint32_t i = 0; i < full; ++i) {
      if (!ends_now(run.first + (i + 1) * each)) continue;
      if (begin == end) begin = i;
      end = i + 1;
      ends_with_ = std::max(ends_with_, run.first + end * each);
    }
    if (begin < end) objects(to, back, run.first + begin * each, each, end - begin, dealt);
    const uint32_t rest = (run.last - run.first) % each;
    if (rest == 0 || !ends_now(run.last)) return;
    objects(to, back, run.last - rest, rest, 1, dealt);
    ends_with_ = std::max(ends_with_, run.last);
  }
  // `count` objects of `tiles` tiles each, from a tile of the column on.
  void objects(const Tiles& to, uint64_t back, uint32_t first, uint32_t tiles, uint32_t count,
               uint32_t dealt) {
    Nest nest{count, 1, {}};
    piece(to, back + uint64_t{first} * dealt, tiles, dealt, tiles * dealt * to.column_step,
          nest.body);
    const uint32_t used = tiles * (kTileWords / pieces(to));
    waste(kJoinedWords - used, nest.body);
    append(nest);
  }

  void candidates(const Tiles& to) {
    const Place place = binding_.place(to.place + column_ * to.column_step);
    Nest nest{1, 1, {{place, kTileWords}}};
    waste(kJoinedWords - kTileWords, nest.body);
    append(nest);
    ends_with_ = op_.tiles_of_column(column_);
  }

  // All tiles of a row of the column before the next row of tiles.
  void norm(const Tiles& to) {
    const uint32_t tiles = (op_.in_tiles + kColumns - 1 - column_) / kColumns;
    const Run run{0, tiles};
    if (pieces(to) > 0) return shared(to, column_, run, run, kColumns);
    Nest nest{1, op_.m_tiles, {}};
    for (uint32_t tile = column_; tile < op_.in_tiles; tile += kColumns) {
      const Place place = binding_.place(to.place + tile * to.column_step);
      objects_of_tile(to, place, kCoreRows * to.row_step, 0, nest.body);
    }
    append(nest);
  }

  const Operation& op_;
  const Binding& binding_;
  unsigned column_;
  bool all_rows_;
  Place waste_;
  std::vector<Task> tasks_;
  uint32_t ends_with_ = 0;  // tile of the column behind the last that an object ends with
};

}  // namespace

ColumnOutput c_tasks(const Operation& operation, const Binding& binding, unsigned column,
                     uint32_t begin, uint32_t end) {
  return ColumnOutputs(operation, binding, column).rounds(begin, end);
}

}  // namespace npu::array
