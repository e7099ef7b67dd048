// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/replayer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/cpu/kernels.h"
#include "device/cpu/score.h"

namespace npu::cpu {
namespace {

constexpr size_t kRowBlock = 60;    // rows of one unit of work
constexpr size_t kPanelGroup = 8;   // panels of one unit of work with many rows
constexpr size_t kQueryBlock = 60;  // rows of scores that a thread holds

size_t size(int extent) {
  return static_cast<size_t>(extent);
}
size_t blocks(size_t total, size_t block) {
  return (total + block - 1) / block;
}
float score_scale(size_t head_size) {
  return 1.0f / std::sqrt(static_cast<float>(head_size));
}

// out[rows][cols] = a b, where b's panel p begins at b + p * panel_step. `cols` need not be whole
// panels: the last goes through `spare` (kQueryBlock rows of a panel).
void product(PanelProduct args, size_t cols, size_t panel_step, float* spare) {
  for (size_t c = 0; c < cols; c += kPanelCols) {
    PanelProduct panel = args;
    panel.b = args.b + c / kPanelCols * panel_step;
    panel.out = args.out + c;
    const size_t valid = std::min(kPanelCols, cols - c);
    if (valid < kPanelCols) {
      panel.out = spare;
      panel.ld_out = kPanelCols;
    }
    multiply_panel(panel);
    if (valid < kPanelCols)
      for (size_t r = 0; r < args.rows; ++r)
        std::memcpy(args.out + r * args.ld_out + c, spare + r * kPanelCols, valid * sizeof(float));
  }
}

}  // namespace

Replayer::Replayer(CpuContext& context, size_t list, const Replay& replay, Turn& turn)
    : context_(context), values_(context.values_[list]), replay_(replay), turn_(turn) {}

size_t Replayer::scratch_size(const CpuContext& context) {
  size_t positions =
      std::max(size(context.limits_.cross_positions), size(context.limits_.self_positions));
  size_t widest = 0;
  for (const auto& list : context.program_.lists())
    for (const Value& value : list.list.values) {
      positions = std::max(positions, size(value.rows));
      widest = std::max(widest, size(value.cols));
    }
  return kQueryBlock * (row_stride(positions) + 3 * row_stride(widest) + kPanelCols);
}

Matrix Replayer::value(ValueId id) const {
  Matrix matrix = values_[size(id)];
  if (matrix.rows == size(kTableRows)) matrix.rows = replay_.rows.size();
  return matrix;
}

float* Replayer::scratch(size_t thread) const {
  return context_.scratch_[thread].data();
}

bool Replayer::run(const Step& step) {
  return std::visit([&](const auto& op) { return run(op, step); }, step.op);
}

bool Replayer::run(const Linear& op, const Step& step) {
  const Matrix in = value(op.in), out = value(op.out);
  const Matrix residual = op.residual ? value(*op.residual) : Matrix{};
  const PackedMatrix& weight = *step.matrix;
  const size_t group = in.rows > kRowBlock ? kPanelGroup : 1;
  const size_t groups = blocks(weight.panels(), group);
  const size_t row_blocks = blocks(in.rows, kRowBlock);
  return turn_.run(groups * row_blocks, [&](size_t unit, size_t thread) {
    const size_t first_row = unit / groups * kRowBlock;
    const size_t rows = std::min(kRowBlock, in.rows - first_row);
    const size_t first = unit % groups * group;
    for (size_t p = first; p < std::min(first + group, weight.panels()); ++p) {
      const size_t c = p * kPanelCols;
      // By way of a tile, since `out` may be the residual.
      float* tile = scratch(thread);
      multiply_panel({in.row(first_row), in.stride, rows, weight.panel(p), kPanelCols, in.cols,
                      tile, kPanelCols});
      for (size_t r = 0; r < rows; ++r) {
        finish_row(tile + r * kPanelCols, kPanelCols, step.bias ? step.bias->data() + c : nullptr,
                   op.gelu, op.residual ? residual.row(first_row + r) + c : nullptr);
        std::memcpy(out.row(first_row + r) + c, tile + r * kPanelCols, kPanelCols * sizeof(float));
      }
    }
  });
}

bool Replayer::run(const Convolution& op, const Step& step) {
  const Matrix in = value(op.in), out = value(op.out);
  const PackedMatrix& weight = *step.matrix;
  return turn_.run(blocks(out.rows, kRowBlock), [&](size_t unit, size_t thread) {
    const size_t first_row = unit * kRowBlock;
    const size_t rows = std::min(kRowBlock, out.rows - first_row);
    float* columns = scratch(thread);
    const size_t stride = 3 * in.cols + 16;
    for (size_t r = 0; r < rows; ++r)
      for (size_t tap = 0; tap < 3; ++tap) {
        float* to = columns + r * stride + tap * in.cols;
        const size_t from = (first_row + r) * size(op.stride) + tap;  // one row too far down
        if (from == 0 || from > in.rows)
          std::memset(to, 0, in.cols * sizeof(float));
        else
          std::memcpy(to, in.row(from - 1), in.cols * sizeof(float));
      }
    for (size_t p = 0; p < weight.panels(); ++p) {
      const size_t c = p * kPanelCols;
      multiply_panel({columns, stride, rows, weight.panel(p), kPanelCols, weight.cols,
                      out.row(first_row) + c, out.stride});
      for (size_t r = 0; r < rows; ++r) {
        float* to = out.row(first_row + r) + c;
        finish_row(to, kPanelCols, step.bias->data() + c, op.gelu, nullptr);
        if (op.positions)
          add_scaled(to, step.table->data() + (first_row + r) * out.cols + c,
                     std::min(kPanelCols, out.cols - c), 1.0f);
      }
    }
  });
}

bool Replayer::run(const LayerNorm& op, const Step& step) {
  const Matrix in = value(op.in), out = value(op.out);
  return turn_.run(blocks(in.rows, 16), [&](size_t unit, size_t) {
    for (size_t r = unit * 16; r < std::min(unit * 16 + 16, in.rows); ++r)
      layer_norm_row(in.row(r), out.row(r), in.cols, step.table->data(), step.bias->data());
  });
}

bool Replayer::run(const Attention& op, const Step&) {
  const Matrix q = value(op.q), k = value(op.k), v = value(op.v), out = value(op.out);
  const size_t heads = size(op.heads), head_size = q.cols / heads;
  const size_t packed = round_up(k.rows, kPanelCols) * head_size;
  float* keys = context_.packed_keys_.data();
  if (!turn_.run(heads, [&](size_t head, size_t) {
        pack_keys(k.data + head * head_size, k.stride, k.rows, head_size, keys + head * packed);
      }))
    return false;
  const size_t query_blocks = blocks(q.rows, kQueryBlock);
  return turn_.run(heads * query_blocks, [&](size_t unit, size_t thread) {
    const size_t head = unit / query_blocks, first = unit % query_blocks * kQueryBlock;
    const size_t rows = std::min(kQueryBlock, q.rows - first);
    const size_t c = head * head_size;
    float* scores = scratch(thread);
    const size_t stride = row_stride(k.rows);
    float* spare = scores + kQueryBlock * stride;
    product({q.row(first) + c, q.stride, rows, keys + head * packed, kPanelCols, head_size, scores,
             stride},
            k.rows, head_size * kPanelCols, spare);
    for (size_t r = 0; r < rows; ++r)
      softmax_row(scores + r * stride, k.rows, score_scale(head_size));
    product({scores, stride, rows, v.data + c, v.stride, k.rows, out.row(first) + c, out.stride},
            head_size, kPanelCols, spare);
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
  return turn_.run(heads * q.rows, [&](size_t unit, size_t thread) {
    const size_t row = unit / heads, c = unit % heads * head_size;
    const Row& entry = replay_.rows[row];
    const size_t positions = size(entry.position) + 1;
    const int* storage = context_.histories_.rows(entry.self_slot);
    float* scores = scratch(thread);
    for (size_t p = 0; p < positions; ++p)
      scores[p] =
          dot(q.row(row) + c, layer.keys.data() + size(storage[p]) * layer.stride + c, head_size);
    softmax_row(scores, positions, score_scale(head_size));
    float* to = out.row(row) + c;
    std::memset(to, 0, head_size * sizeof(float));
    for (size_t p = 0; p < positions; ++p)
      add_scaled(to, layer.values.data() + size(storage[p]) * layer.stride + c, head_size,
                 scores[p]);
  });
}

bool Replayer::run(const StoreCross& op, const Step&) {
  const Matrix k = value(op.k), v = value(op.v);
  CrossLayer& layer = context_.cross_[size(replay_.store_slot)][size(op.layer)];
  return turn_.run(blocks(k.rows, kPanelCols), [&](size_t unit, size_t) {
    const size_t first = unit * kPanelCols;
    const size_t rows = std::min(kPanelCols, k.rows - first);
    pack_keys(k.row(first), k.stride, rows, k.cols, layer.keys.data() + first * k.cols);
    for (size_t r = first; r < first + rows; ++r)
      std::memcpy(layer.values.data() + r * layer.stride, v.row(r), v.cols * sizeof(float));
  });
}

// Calls body(first row, rows) for runs of neighbouring rows that share a cross-cache slot.
template <typename Body>
bool Replayer::for_row_groups(const Body& body) {
  const size_t total = replay_.rows.size();
  for (size_t first = 0; first < total;) {
    size_t rows = 1;
    while (rows < kQueryBlock && first + rows < total &&
           replay_.rows[first + rows].cross_slot == replay_.rows[first].cross_slot)
      ++rows;
    if (!body(first, rows)) return false;
    first += rows;
  }
  return true;
}

bool Replayer::run(const CrossAttention& op, const Step&) {
  const Matrix q = value(op.q), out = value(op.out);
  const size_t heads = size(op.heads), head_size = q.cols / heads;
  const size_t positions = size(context_.limits_.cross_positions);
  return for_row_groups([&](size_t first, size_t rows) {
    const CrossLayer& layer = context_.cross_[size(replay_.rows[first].cross_slot)][size(op.layer)];
    return turn_.run(heads, [&](size_t head, size_t thread) {
      const size_t c = head * head_size;
      float* scores = scratch(thread);
      const size_t stride = row_stride(positions);
      float* spare = scores + kQueryBlock * stride;
      product({q.row(first) + c, q.stride, rows, layer.keys.data() + c * kPanelCols, kPanelCols,
               head_size, scores, stride},
              positions, layer.cols * kPanelCols, spare);
      for (size_t r = 0; r < rows; ++r)
        softmax_row(scores + r * stride, positions, score_scale(head_size));
      product({scores, stride, rows, layer.values.data() + c, layer.stride, positions,
               out.row(first) + c, out.stride},
              head_size, kPanelCols, spare);
    });
  });
}

bool Replayer::run(const AlignmentScores& op, const Step&) {
  const Matrix q = value(op.q);
  const size_t head_size = q.cols / size(op.heads);
  const size_t positions = size(context_.limits_.cross_positions);
  const size_t first_head = alignment_head_;
  alignment_head_ += op.chosen.size();
  return for_row_groups([&](size_t first, size_t rows) {
    const CrossLayer& layer = context_.cross_[size(replay_.rows[first].cross_slot)][size(op.layer)];
    return turn_.run(op.chosen.size(), [&](size_t unit, size_t thread) {
      const size_t c = size(op.chosen[unit]) * head_size;
      float* scores = scratch(thread);
      const size_t stride = row_stride(positions);
      product({q.row(first) + c, q.stride, rows, layer.keys.data() + c * kPanelCols, kPanelCols,
               head_size, scores, stride},
              positions, layer.cols * kPanelCols, scores + kQueryBlock * stride);
      for (size_t r = 0; r < rows; ++r) {
        float* to =
            replay_.alignment.data() + ((first_head + unit) * q.rows + first + r) * positions;
        for (size_t p = 0; p < positions; ++p)
          to[p] = scores[r * stride + p] * score_scale(head_size);
      }
    });
  });
}

bool Replayer::run(const Embed& op, const Step& step) {
  const Matrix out = value(op.out);
  for (size_t r = 0; r < out.rows; ++r) {
    const Row& row = replay_.rows[r];
    const float* position = step.table->data() + size(row.position) * out.cols;
    for (size_t c = 0; c < out.cols; ++c)
      out.row(r)[c] = step.matrix->at(size(row.token), c) + position[c];
  }
  return !turn_.interrupted();
}

bool Replayer::run(const Score& op, const Step& step) {
  return score_rows(value(op.in), *step.matrix, replay_.score, replay_.results, turn_);
}

}  // namespace npu::cpu
