// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of the steps that are neither a chain nor attention.
#include "device/cpu/mixed/replayer.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/mixed/mixed_logits.h"

namespace npu::cpu {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

}  // namespace

MixedReplayer::MixedReplayer(MixedContext& context, size_t list, const Replay& replay, Turn& turn)
    : context_(context),
      program_(context.program_),
      dot_(context.program_.dot()),
      values_(context.values_[list]),
      replay_(replay),
      turn_(turn) {}

Matrix MixedReplayer::value(ValueId id) const {
  Matrix matrix = values_[size(id)];
  if (matrix.rows == size(kTableRows)) matrix.rows = replay_.rows.size();
  return matrix;
}

bool MixedReplayer::run(const MixedStep& step) {
  return std::visit([&](const auto& kind) { return run(kind); }, step);
}

bool MixedReplayer::run(const ConvolutionStep& step) {
  const Convolution& op = step.op;
  const Matrix in = value(op.in), out = value(op.out);
  const size_t units = (out.rows + kBlockRows - 1) / kBlockRows;
  return turn_.run(units, [&](size_t unit, size_t thread) {
    const size_t first = unit * kBlockRows, rows = std::min(kBlockRows, out.rows - first);
    Carver memory = carver(thread);
    const ConvolutionScratch scratch(memory, step.matrix->cols);
    // The three input rows of each output row, side by side. A row's whole vectors run into the
    // next one's place, which is written after it.
    for (size_t r = 0; r < rows; ++r) {
      uint16_t* to = scratch.columns + r * scratch.stride;
      for (size_t tap = 0; tap < 3; ++tap) {
        const size_t from = (first + r) * size(op.stride) + tap;  // counted from row -1
        if (from == 0 || from > in.rows)
          std::memset(to + tap * in.cols, 0, in.cols * sizeof(uint16_t));
        else
          bf16_row(in.row(from - 1), in.cols, 1, to + tap * in.cols);
      }
      if (3 * in.cols % 2) to[3 * in.cols] = 0;
    }
    const PreparedRows prepared{RowElement::kBf16, reinterpret_cast<uint8_t*>(scratch.columns),
                                scratch.stride * sizeof(uint16_t), nullptr};
    for (size_t p = 0; p < step.matrix->panels(); ++p) {
      const size_t c = p * kPanelCols;
      PanelFinish finish{rows, step.bias->data() + c, op.gelu,   nullptr,
                         0,    out.row(first) + c,    out.stride};
      if (step.positions) {
        finish.residual = step.positions->data() + first * out.cols + c;
        finish.ld_residual = out.cols;
      }
      multiply_prepared(dot_, *step.matrix, p, prepared, scratch.sums, finish);
    }
  });
}

bool MixedReplayer::run(const EmbedStep& step) {
  const Matrix out = value(step.out);
  for (size_t r = 0; r < out.rows; ++r) {
    const Row& row = replay_.rows[r];
    const float* position = step.positions->data() + size(row.position) * out.cols;
    step.tokens->read_row(size(row.token), out.row(r));
    for (size_t c = 0; c < out.cols; ++c) out.row(r)[c] += position[c];
  }
  return !turn_.interrupted();
}

bool MixedReplayer::run(const ScoreStep& step) {
  MixedLogits logits(dot_, *step.tokens, prepared(), context_.logit_row_.data());
  return score_rows(value(step.in), logits, replay_.score, replay_.results, turn_, context_.score_,
                    context_.scratch_);
}

}  // namespace npu::cpu
