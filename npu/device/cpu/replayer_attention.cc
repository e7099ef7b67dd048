// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of the attention operations. Scores of one block of rows and one head lie in the scratch
// of a thread, never those of all heads.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/cpu/kernels.h"
#include "device/cpu/replayer.h"

namespace npu::cpu {
namespace {

constexpr size_t kQueryBlock = 56;  // rows whose scores a thread holds: 340 KB at 1500 positions
constexpr size_t kSelfHeads = 4;    // heads of one row in a unit of work of the self-attention

size_t size(int extent) {
  return static_cast<size_t>(extent);
}
size_t blocks(size_t total, size_t block) {
  return (total + block - 1) / block;
}
float score_scale(size_t head_size) {
  return 1.0f / std::sqrt(static_cast<float>(head_size));
}

// Calls body(first row, rows) for runs of neighbouring rows that share a cross-cache slot.
template <typename Body>
bool for_row_groups(std::span<const Row> rows, const Body& body) {
  for (size_t first = 0; first < rows.size();) {
    size_t count = 1;
    while (count < kQueryBlock && first + count < rows.size() &&
           rows[first + count].cross_slot == rows[first].cross_slot)
      ++count;
    if (!body(first, count)) return false;
    first += count;
  }
  return true;
}

}  // namespace

size_t Replayer::attention_scratch_size(const CpuContext& context) {
  size_t positions =
      std::max(size(context.limits_.cross_positions), size(context.limits_.self_positions));
  for (const OpList& list : context.program_.lists())
    for (const Value& value : list.values) positions = std::max(positions, size(value.rows));
  // Scores, row scales and a panel.
  return kQueryBlock * (row_stride(positions) + 1 + kPanelCols);
}

void Replayer::scores_of(const Block& block, const Matrix& q, float* scores) const {
  const HeadPanels& panels = block.panels;
  const float* queries = q.row(block.first) + block.head * panels.head_size;
  for (size_t p = 0; p < block.positions; p += kPanelCols)
    multiply_panel({queries, q.stride, block.rows,
                    panels.head_keys(block.head) + p * panels.head_size, kPanelCols,
                    panels.head_size, scores + p, row_stride(block.positions)});
}

void Replayer::attend(const Block& block, const Matrix& q, const Matrix& out, float* scores) const {
  const HeadPanels& panels = block.panels;
  const size_t stride = row_stride(block.positions);
  float* row_scale = scores + kQueryBlock * stride;
  float* panel = row_scale + kQueryBlock;
  scores_of(block, q, scores);
  for (size_t r = 0; r < block.rows; ++r)
    row_scale[r] =
        1 / exponentials(scores + r * stride, block.positions, score_scale(panels.head_size));
  float* to = out.row(block.first) + block.head * panels.head_size;
  for (size_t c = 0; c < panels.head_size; c += kPanelCols) {
    const size_t cols = std::min(kPanelCols, panels.head_size - c);
    const bool whole = cols == kPanelCols;  // else the panel would run into the next head
    multiply_panel({scores, stride, block.rows,
                    panels.head_values(block.head) + c * block.positions, kPanelCols,
                    block.positions, whole ? to + c : panel, whole ? out.stride : kPanelCols,
                    row_scale});
    for (size_t r = 0; !whole && r < block.rows; ++r)
      std::memcpy(to + r * out.stride + c, panel + r * kPanelCols, cols * sizeof(float));
  }
}

bool Replayer::run(const Attention& op, const Step&) {
  const Matrix q = value(op.q), k = value(op.k), v = value(op.v), out = value(op.out);
  HeadPanels& panels = context_.attention_;
  panels.reserve(k.rows, k.cols, size(op.heads));
  if (!turn_.run(panels.heads, [&](size_t head, size_t) { panels.pack(head, k, v); })) return false;
  const size_t query_blocks = blocks(q.rows, kQueryBlock);
  return turn_.run(panels.heads * query_blocks, [&](size_t unit, size_t thread) {
    const size_t first = unit % query_blocks * kQueryBlock;
    attend({panels, unit / query_blocks, k.rows, first, std::min(kQueryBlock, q.rows - first)}, q,
           out, scratch(thread));
  });
}

bool Replayer::run(const SelfAttention& op, const Step&) {
  const Matrix q = value(op.q), k = value(op.k), v = value(op.v), out = value(op.out);
  const size_t heads = size(op.heads), head_size = q.cols / heads;
  SelfLayer& layer = context_.self_[size(op.layer)];
  for (size_t r = 0; r < k.rows; ++r) {
    const size_t to = size(context_.storage_rows_[r]) * layer.stride;
    std::memcpy(layer.keys.data() + to, k.row(r), k.cols * sizeof(float));
    std::memcpy(layer.values.data() + to, v.row(r), v.cols * sizeof(float));
  }
  const size_t groups = blocks(heads, kSelfHeads);
  return turn_.run(groups * q.rows, [&](size_t unit, size_t thread) {
    const size_t row = unit / groups, first = unit % groups * kSelfHeads;
    const Row& entry = replay_.rows[row];
    const size_t positions = size(entry.position) + 1;
    const int* storage = context_.histories_.rows(entry.self_slot);
    float* scores = scratch(thread);
    for (size_t head = first; head < std::min(first + kSelfHeads, heads); ++head) {
      const size_t c = head * head_size;
      indexed_dots(q.row(row) + c, {layer.keys.data() + c, layer.stride, storage, positions},
                   head_size, scores);
      const float sum = exponentials(scores, positions, score_scale(head_size));
      indexed_sum(scores, {layer.values.data() + c, layer.stride, storage, positions}, head_size,
                  1 / sum, out.row(row) + c);
    }
  });
}

bool Replayer::run(const StoreCross& op, const Step&) {
  const Matrix k = value(op.k), v = value(op.v);
  auto& layers = context_.cross_[size(replay_.store_slot)];
  if (layers.size() <= size(op.layer)) return true;  // no list reads it
  HeadPanels& panels = layers[size(op.layer)];
  panels.reserve(k.rows, k.cols, panels.heads);
  return turn_.run(panels.heads, [&](size_t head, size_t) { panels.pack(head, k, v); });
}

bool Replayer::run(const CrossAttention& op, const Step&) {
  const Matrix q = value(op.q), out = value(op.out);
  return for_row_groups(replay_.rows, [&](size_t first, size_t rows) {
    const size_t slot = size(replay_.rows[first].cross_slot);
    const HeadPanels& panels = context_.cross_[slot][size(op.layer)];
    return turn_.run(panels.heads, [&](size_t head, size_t thread) {
      attend({panels, head, panels.positions, first, rows}, q, out, scratch(thread));
    });
  });
}

bool Replayer::run(const AlignmentScores& op, const Step&) {
  const Matrix q = value(op.q);
  const size_t room = size(context_.limits_.cross_positions);
  const size_t first_head = alignment_head_;
  alignment_head_ += op.chosen.size();
  return for_row_groups(replay_.rows, [&](size_t first, size_t rows) {
    const size_t slot = size(replay_.rows[first].cross_slot);
    const HeadPanels& panels = context_.cross_[slot][size(op.layer)];
    const size_t positions = panels.positions;
    return turn_.run(op.chosen.size(), [&](size_t unit, size_t thread) {
      float* scores = scratch(thread);
      scores_of({panels, size(op.chosen[unit]), positions, first, rows}, q, scores);
      for (size_t r = 0; r < rows; ++r) {
        const float* from = scores + r * row_stride(positions);
        float* to = replay_.alignment.data() + ((first_head + unit) * q.rows + first + r) * room;
        for (size_t p = 0; p < positions; ++p) to[p] = from[p] * score_scale(panels.head_size);
        std::fill(to + positions, to + room, 0.0f);
      }
    });
  });
}

}  // namespace npu::cpu
