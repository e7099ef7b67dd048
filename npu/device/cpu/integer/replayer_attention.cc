// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of the attention operations.
#include <algorithm>
#include <cstring>
#include <numbers>

#include "device/cpu/integer/replayer.h"

namespace npu::cpu::integer {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

const int8_t* signed_row(const View& view, size_t row, size_t column) {
  return reinterpret_cast<const int8_t*>(view.row(row)) + column;
}

// Calls body(first row, rows) for runs of at most kQueryRows neighbouring rows that have the same
// slot.
template <typename Body>
bool for_runs(std::span<const Row> rows, int Row::*slot, const Body& body) {
  for (size_t first = 0; first < rows.size();) {
    size_t count = 1;
    while (count < kQueryRows && first + count < rows.size() &&
           rows[first + count].*slot == rows[first].*slot)
      ++count;
    if (!body(first, count)) return false;
    first += count;
  }
  return true;
}

}  // namespace

Head IntegerReplayer::head(const Step& step, size_t index) const {
  return {step.attention->mult[index], step.attention->shift[index], step.attention->gain};
}

bool IntegerReplayer::run(const Attention& op, const Step& step) {
  const View q = value(op.q), k = value(op.k), v = value(op.v), out = value(op.out);
  const size_t heads = size(op.heads), query_blocks = (q.rows + kQueryRows - 1) / kQueryRows;
  if (!turn_.run(heads, [&](size_t head, size_t) {
        const size_t column = head * kHeadSize;
        context_.attention_[head].pack(k.rows, [&](size_t key) {
          return std::pair(signed_row(k, key, column), signed_row(v, key, column));
        });
      }))
    return false;
  return turn_.run(heads * query_blocks, [&](size_t unit, size_t) {
    const size_t index = unit / query_blocks, first = unit % query_blocks * kQueryRows;
    const size_t rows = std::min(kQueryRows, q.rows - first);
    size_t limits[kQueryRows];
    std::fill_n(limits, rows, k.rows);
    attend(context_.program_.dot(), context_.program_.exp2(), head(step, index),
           context_.attention_[index], {limits, rows}, q.from(first, rows), out.from(first, rows),
           index * kHeadSize);
  });
}

bool IntegerReplayer::run(const SelfAttention& op, const Step& step) {
  const View q = value(op.q), k = value(op.k), v = value(op.v), out = value(op.out);
  SelfLayer& layer = context_.self_[size(op.layer)];
  for (size_t r = 0; r < k.rows; ++r) {
    const size_t to = size(context_.storage_rows_[r]) * k.cols;
    std::memcpy(layer.keys.data() + to, k.row(r), k.cols);
    std::memcpy(layer.values.data() + to, v.row(r), v.cols);
  }
  return for_runs(replay_.rows, &Row::self_slot, [&](size_t first, size_t rows) {
    const int* storage = context_.histories_.rows(replay_.rows[first].self_slot);
    size_t limits[kQueryRows];
    for (size_t r = 0; r < rows; ++r) limits[r] = size(replay_.rows[first + r].position) + 1;
    return turn_.run(size(op.heads), [&](size_t index, size_t thread) {
      const size_t column = index * kHeadSize;
      KeyValues& keys = context_.self_keys_[thread];
      keys.pack(limits[rows - 1], [&](size_t key) {
        const size_t from = size(storage[key]) * k.cols + column;
        return std::pair(layer.keys.data() + from, layer.values.data() + from);
      });
      attend(context_.program_.dot(), context_.program_.exp2(), head(step, index), keys,
             {limits, rows}, q.from(first, rows), out.from(first, rows), column);
    });
  });
}

bool IntegerReplayer::run(const StoreCross& op, const Step&) {
  const View k = value(op.k), v = value(op.v);
  auto& layers = context_.cross_[size(replay_.store_slot)];
  if (layers.size() <= size(op.layer)) return true;  // no list reads it
  auto& heads = layers[size(op.layer)];
  return turn_.run(heads.size(), [&](size_t head, size_t) {
    const size_t column = head * kHeadSize;
    heads[head].pack(k.rows, [&](size_t key) {
      return std::pair(signed_row(k, key, column), signed_row(v, key, column));
    });
  });
}

bool IntegerReplayer::run(const CrossAttention& op, const Step& step) {
  const View q = value(op.q), out = value(op.out);
  return for_runs(replay_.rows, &Row::cross_slot, [&](size_t first, size_t rows) {
    const auto& heads = context_.cross_[size(replay_.rows[first].cross_slot)][size(op.layer)];
    return turn_.run(heads.size(), [&](size_t index, size_t) {
      size_t limits[kQueryRows];
      std::fill_n(limits, rows, heads[index].count());
      attend(context_.program_.dot(), context_.program_.exp2(), head(step, index), heads[index],
             {limits, rows}, q.from(first, rows), out.from(first, rows), index * kHeadSize);
    });
  });
}

bool IntegerReplayer::run(const AlignmentScores& op, const Step& step) {
  // From base-2 exponents with 8 fraction bits.
  constexpr float kUnit = std::numbers::ln2_v<float> / 256;
  const View q = value(op.q);
  const size_t room = size(context_.limits_.cross_positions), first_head = alignment_head_;
  alignment_head_ += op.chosen.size();
  return turn_.run(op.chosen.size() * q.rows, [&](size_t unit, size_t) {
    const size_t chosen = unit / q.rows, row = unit % q.rows;
    const auto index = size(op.chosen[chosen]);
    const KeyValues& keys =
        context_.cross_[size(replay_.rows[row].cross_slot)][size(op.layer)][index];
    float* to = replay_.alignment.data() + ((first_head + chosen) * q.rows + row) * room;
    int16_t exponents[kKeyBlock];
    for (size_t block = 0; block < keys.blocks(); ++block) {
      const size_t found = score_keys(context_.program_.dot(), head(step, index), keys, block,
                                      q.row(row) + index * kHeadSize, exponents);
      for (size_t key = 0; key < found; ++key)
        to[block * kKeyBlock + key] = kUnit * static_cast<float>(exponents[key]);
    }
    std::fill(to + keys.count(), to + room, 0.0F);
  });
}

}  // namespace npu::cpu::integer
