// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of the matrix products, norms and embeddings; attention has a file of its own.
#include "device/cpu/replayer.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/float_logits.h"
#include "device/cpu/kernels.h"

namespace npu::cpu {
namespace {

constexpr size_t kRowBlock = 56;       // rows of one unit of work
constexpr size_t kMostPanels = 8;      // panels of one unit of work
constexpr size_t kUnitsPerThread = 4;  // so that the threads end together
constexpr size_t kNormRows = 16;       // rows of one unit of work

size_t size(int extent) {
  return static_cast<size_t>(extent);
}
size_t blocks(size_t total, size_t block) {
  return (total + block - 1) / block;
}

// Panels of a unit of work.
size_t panel_group(size_t panels, size_t row_blocks, size_t threads) {
  return std::clamp(panels * row_blocks / (threads * kUnitsPerThread), size_t{1}, kMostPanels);
}

}  // namespace

Replayer::Replayer(CpuContext& context, size_t list, const Replay& replay, Turn& turn)
    : context_(context), values_(context.values_[list]), replay_(replay), turn_(turn) {}

size_t Replayer::scratch_size(const CpuContext& context) {
  size_t widest_convolution = 0;
  for (size_t list = 0; list < context.program_.lists().size(); ++list)
    for (const Step& step : context.program_.steps(list))
      if (std::holds_alternative<Convolution>(step.op))
        widest_convolution = std::max(widest_convolution, step.parts[0].matrix->cols);
  return std::max(attention_scratch_size(context), kRowBlock * (widest_convolution + 16));
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
  if (!std::visit([&](const auto& op) { return run(op, step); }, step.op)) return false;
  if (OpObserver* observer = context_.program_.observer())
    observer->observe(step.op, [this](ValueId id) { return value(id); });
  return true;
}

bool Replayer::run(const Linear& op, const Step& step) {
  const Matrix in = value(op.in);
  const Matrix residual = op.residual ? value(*op.residual) : Matrix{};
  size_t panels = 0;
  for (const MatrixPart& part : step.parts) panels += part.matrix->panels();
  const size_t row_blocks = blocks(in.rows, kRowBlock);
  const size_t group = panel_group(panels, row_blocks, turn_.threads());
  const size_t groups = blocks(panels, group);
  return turn_.run(groups * row_blocks, [&](size_t unit, size_t) {
    const size_t first_row = unit / groups * kRowBlock;
    const size_t rows = std::min(kRowBlock, in.rows - first_row);
    size_t begin = unit % groups * group, end = std::min(begin + group, panels);
    for (const MatrixPart& part : step.parts) {
      const size_t count = part.matrix->panels();
      const Matrix out = value(part.out);
      for (size_t p = begin; p < std::min(end, count); ++p) {
        const size_t c = p * kPanelCols;
        multiply_panel({in.row(first_row), in.stride, rows, part.matrix->panel(p), kPanelCols,
                        in.cols, out.row(first_row) + c, out.stride, nullptr,
                        part.bias ? part.bias->data() + c : nullptr, part.gelu,
                        op.residual ? residual.row(first_row) + c : nullptr, residual.stride});
      }
      begin = begin > count ? begin - count : 0;
      end = end > count ? end - count : 0;
    }
  });
}

bool Replayer::run(const Convolution& op, const Step& step) {
  const Matrix in = value(op.in), out = value(op.out);
  const MatrixPart& part = step.parts[0];
  return turn_.run(blocks(out.rows, kRowBlock), [&](size_t unit, size_t thread) {
    const size_t first_row = unit * kRowBlock;
    const size_t rows = std::min(kRowBlock, out.rows - first_row);
    // The three input rows of each output row, side by side.
    float* columns = scratch(thread);
    const size_t stride = 3 * in.cols + 16;
    for (size_t r = 0; r < rows; ++r)
      for (size_t tap = 0; tap < 3; ++tap) {
        float* to = columns + r * stride + tap * in.cols;
        const size_t from = (first_row + r) * size(op.stride) + tap;  // counted from row -1
        if (from == 0 || from > in.rows)
          std::memset(to, 0, in.cols * sizeof(float));
        else
          std::memcpy(to, in.row(from - 1), in.cols * sizeof(float));
      }
    for (size_t p = 0; p < part.matrix->panels(); ++p) {
      const size_t c = p * kPanelCols;
      multiply_panel({columns, stride, rows, part.matrix->panel(p), kPanelCols, part.matrix->cols,
                      out.row(first_row) + c, out.stride, nullptr, part.bias->data() + c, part.gelu,
                      step.table ? step.table->data() + first_row * out.cols + c : nullptr,
                      out.cols});
    }
  });
}

bool Replayer::run(const LayerNorm& op, const Step& step) {
  const Matrix in = value(op.in), out = value(op.out);
  return turn_.run(blocks(in.rows, kNormRows), [&](size_t unit, size_t) {
    for (size_t r = unit * kNormRows; r < std::min((unit + 1) * kNormRows, in.rows); ++r)
      layer_norm_row(in.row(r), out.row(r), in.cols, step.table->data(), step.bias->data());
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
  FloatLogits logits(*step.matrix, context_.score_inputs_);
  return score_rows(value(op.in), logits, replay_.score, replay_.results, turn_, context_.score_,
                    context_.scratch_);
}

}  // namespace npu::cpu
