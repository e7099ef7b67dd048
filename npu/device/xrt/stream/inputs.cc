// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/inputs.h"

#include <algorithm>

#include "device/xrt/stream/nest.h"
#include "matmul/matmul.h"

namespace npu::array {
namespace {

using kernels::kGroupRows;
using kernels::Op;

constexpr uint32_t kTileWords = kernels::kTileElements / sizeof(uint32_t);
constexpr uint32_t kObjectWords = kernels::kObjectBytes / sizeof(uint32_t);

uint32_t even(uint32_t tiles) {
  return (tiles + 1) / 2 * 2;
}

void append(std::vector<Task>& to, const Channel& channel, const Nest& nest) {
  std::vector<Task> tasks = tasks_of(channel, nest);
  std::move(tasks.begin(), tasks.end(), std::back_inserter(to));
}

// A of one core row.
class Rows {
 public:
  Rows(const Operation& operation, const Binding& binding, unsigned core_row)
      : op_(operation), binding_(binding), row_(core_row) {}

  // Rounds that all columns share alike: `tiles` of them have a tile each.
  std::vector<Task> rounds(uint32_t begin, uint32_t end, uint32_t tiles) const {
    std::vector<Task> tasks;
    if (begin >= end) return tasks;
    Nest nest{end - begin, op_.m_tiles, {}};
    switch (op_.op) {
      case Op::kMatmul:
        nest.body.push_back(inputs());
        if (op_.residual) nest.body.push_back(words_of(*op_.residual, begin, tiles));
        break;
      case Op::kLayerNorm:
        nest = {op_.m_tiles, 2, {stream()}};
        break;
      case Op::kAttention:
      case Op::kAlignment:
        nest.body.push_back(queries(begin, tiles));
        break;
      case Op::kCombine:
        nest.body.push_back(parts(begin));
        break;
      case Op::kAdd:
        nest = pairs(begin, end, tiles);
        break;
      case Op::kPass:
        return tasks;
    }
    append(tasks, a_channel(row_), nest);
    return tasks;
  }

 private:
  uint64_t round_bytes(const Tiles& tiles) const { return kernels::kCoreRows * tiles.row_step; }
  Place first(const Tiles& tiles, uint64_t column_tile) const {
    return binding_.place(tiles.place + (row_ * tiles.row_step + column_tile * tiles.column_step));
  }

  // All columns of a product's input: the same in each round.
  Access inputs() const {
    return {first(op_.in, 0),
            kTileWords,
            {{even(op_.in_tiles), op_.in.column_step},
             {op_.taps, op_.tap_step},
             {op_.planes, op_.in.plane_step}},
            round_bytes(op_.in),
            0};
  }
  // The int16 tiles of a round.
  Access words_of(const Tiles& from, uint32_t round, uint32_t tiles) const {
    return {first(from, round * uint64_t{kColumns}),
            kObjectWords,
            {{tiles, from.column_step}},
            round_bytes(from),
            kColumns * from.column_step};
  }
  // The rows of a layer norm, which come twice.
  Access stream() const {
    return {first(op_.in, 0),
            kObjectWords,
            {{op_.in_tiles, op_.in.column_step}},
            0,
            round_bytes(op_.in)};
  }
  Access queries(uint32_t round, uint32_t tiles) const {
    return {first(op_.in, round * uint64_t{kColumns}),
            kTileWords,
            {{even(tiles), op_.in.column_step}},
            round_bytes(op_.in),
            kColumns * op_.in.column_step};
  }
  // Of a head, which is a round.
  Access parts(uint32_t round) const {
    return {first(op_.in, round),
            kObjectWords,
            {{op_.in_tiles, op_.in.row_step}},
            0,
            op_.in.column_step};
  }
  // Tiles of both streams in turn.
  Nest pairs(uint32_t begin, uint32_t end, uint32_t tiles) const {
    Nest nest{end - begin, op_.m_tiles, {}};
    for (uint32_t tile = 0; tile < tiles; ++tile) {
      for (const Tiles& from : {op_.in, *op_.residual}) {
        Access one = words_of(from, begin, 1);
        one.place = one.place + tile * from.column_step;
        nest.body.push_back(one);
      }
    }
    return nest;
  }

  const Operation& op_;
  const Binding& binding_;
  unsigned row_;
};

}  // namespace

std::vector<Task> a_tasks(const Operation& operation, const Binding& binding, unsigned core_row,
                          uint32_t begin, uint32_t end) {
  if (operation.rows <= kGroupRows && core_row > 0) return {};
  const Rows rows(operation, binding, core_row);
  // Only what the columns share differs in a last round that is not full.
  const uint32_t full = std::clamp(operation.tiles / operation.dealt, begin, end);
  const bool differs =
      operation.residual || operation.op == Op::kAttention || operation.op == Op::kAlignment;
  if (!differs) return rows.rounds(begin, end, operation.dealt);
  std::vector<Task> tasks = rows.rounds(begin, full, operation.dealt);
  std::vector<Task> last = rows.rounds(full, end, operation.tiles % operation.dealt);
  std::move(last.begin(), last.end(), std::back_inserter(tasks));
  return tasks;
}

std::vector<Task> b_tasks(const Operation& operation, const Binding& binding, unsigned column,
                          uint32_t begin, uint32_t end, BForm form) {
  const uint32_t tiles = operation.tiles_of_column(column);
  const uint32_t first = std::min(begin, tiles), last = std::min(end, tiles);
  const uint64_t tile = column + uint64_t{first} * operation.dealt;
  Access descriptor{binding.place(operation.descriptors + tile * operation.descriptor_step),
                    kObjectWords,
                    {},
                    0,
                    operation.dealt * operation.descriptor_step};
  Access objects{binding.place(operation.objects + tile * operation.object_step),
                 operation.count * kObjectWords,
                 {},
                 0,
                 operation.dealt * operation.object_step};
  const uint32_t again = operation.count > 0 ? operation.m_tiles * operation.planes : 0;
  const bool is_one = again == 1 && objects.outer_step_bytes == descriptor.outer_step_bytes &&
                      objects.place == descriptor.place + kernels::kObjectBytes;

  std::vector<Task> tasks;
  const Channel channel = b_channel(column);
  if (again == 0 || is_one) {
    Access all = descriptor;
    if (is_one) all.run_words += objects.run_words;
    append(tasks, channel, {last - first, 1, {all}});
  } else if (form == BForm::kChain) {
    objects.loops = {{again, 0}};
    append(tasks, channel, {last - first, 1, {descriptor, objects}});
  } else {
    for (uint32_t i = first; i < last; ++i) {
      append(tasks, channel, {1, 1, {descriptor}});
      append(tasks, channel, {1, again, {objects}});
      descriptor.place = descriptor.place + descriptor.outer_step_bytes;
      objects.place = objects.place + objects.outer_step_bytes;
    }
  }
  if (passes(operation, column, begin, end))
    append(tasks, channel, {1, 1, {Access{binding.place(*operation.pass), kObjectWords}}});
  return tasks;
}

bool passes(const Operation& operation, unsigned column, uint32_t begin, uint32_t end) {
  const uint32_t tiles = operation.tiles_of_column(column);
  return operation.pass && tiles < operation.rounds() && begin <= tiles && tiles < end;
}

}  // namespace npu::array
