// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of the matrix products, norms and embeddings; attention has a file of its own.
#include "device/cpu/integer/replayer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/cpu/integer/norm.h"
#include "layout/tile.h"
#include "numerics/requantise.h"

namespace npu::cpu::integer {
namespace {

constexpr size_t kNormRows = 16;   // rows of one unit of work
constexpr size_t kMostPanels = 8;  // panels of one unit of work
constexpr size_t kUnitsPerThread = 4;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}
size_t blocks(size_t total, size_t block) {
  return (total + block - 1) / block;
}
// Sums of a panel and what multiply() needs for them.
constexpr size_t kSumBytes = 3 * kProductRows * kPanelCols * sizeof(int32_t);

// Logits from the products of the array.
class IntegerLogits : public Logits {
 public:
  // Borrows all; `rows` is where the rows of a pass lie side by side. It grows once.
  IntegerLogits(const DotVariant& dot, const PanelMatrix& tokens, const View& in,
                std::vector<uint8_t>& rows)
      : dot_(dot), tokens_(tokens), in_(in), rows_(rows) {}

  size_t vocabulary() const override { return tokens_.rows(); }
  void begin(const Matrix&, std::span<const ScoreRequest> requests) override {
    rows_.resize(std::max(rows_.size(), requests.size() * in_.stride));
    for (size_t r = 0; r < requests.size(); ++r)
      std::memcpy(rows_.data() + r * in_.stride, in_.row(size(requests[r].row)), in_.stride);
    count_ = requests.size();
  }
  void compute(size_t panel, size_t panels, float* out, size_t stride) const override {
    alignas(64) int32_t sums[3 * kScoreRows * kPanelCols];
    const View rows{rows_.data(), in_.stride, count_, in_.cols, in_.kind};
    const quantised::Factors& factors = tokens_.parameters().out;
    for (size_t p = 0; p < panels; ++p) {
      const size_t first = (panel + p) * kPanelCols;
      const unsigned shift = factors.shift[first / kernels::kTile];
      tokens_.multiply(dot_, panel + p, rows, sums, sums + kScoreRows * kPanelCols);
      for (size_t r = 0; r < count_; ++r)
        for (size_t c = 0; c < std::min(kPanelCols, tokens_.rows() - first); ++c) {
          const auto score = kernels::round_shift<int32_t>(
              int64_t{sums[r * kPanelCols + c]} * factors.mult[first + c], shift);
          out[r * stride + p * kPanelCols + c] =
              std::ldexp(static_cast<float>(score), -static_cast<int>(quantised::kLogitBits));
        }
    }
  }

 private:
  const DotVariant& dot_;
  const PanelMatrix& tokens_;
  const View in_;
  std::vector<uint8_t>& rows_;
  size_t count_ = 0;
};

}  // namespace

IntegerReplayer::IntegerReplayer(IntegerContext& context, size_t list, const Replay& replay,
                                 Turn& turn)
    : context_(context), values_(context.values_[list]), replay_(replay), turn_(turn) {}

size_t IntegerReplayer::scratch_size(const IntegerProgram& program) {
  size_t widest = 0;
  for (size_t list = 0; list < program.lists().size(); ++list)
    for (const Step& step : program.compiled(list).steps)
      if (std::holds_alternative<Convolution>(step.op))
        widest = std::max(widest, stride_of(Kind::kFine, step.matrix->cols()) +
                                      stride_of(Kind::kFine, step.matrix->rows()));
  return kSumBytes + kProductRows * widest;
}

View IntegerReplayer::value(ValueId id) const {
  View view = values_[size(id)];
  if (view.rows == size(kTableRows)) view.rows = replay_.rows.size();
  return view;
}

bool IntegerReplayer::run(const Step& step) {
  if (!std::visit([&](const auto& op) { return run(op, step); }, step.op)) return false;
  if (OpObserver* observer = context_.program_.observer()) show(*observer, step);
  return true;
}

void IntegerReplayer::show(OpObserver& observer, const Step& step) const {
  FloatArray floats;
  observer.observe(step.op, [&](ValueId id) {
    const View view = value(id);
    floats = FloatArray(view.rows * view.cols);
    const Matrix matrix{floats.data(), view.cols, view.rows, view.cols};
    if (!step.out_steps) return matrix;
    for (size_t r = 0; r < view.rows; ++r)
      for (size_t c = 0; c < view.cols; ++c)
        matrix.row(r)[c] =
            static_cast<float>(view.integer(r, c)) * (*step.out_steps)[c % step.out_steps->size()];
    return matrix;
  });
}

void IntegerReplayer::product(const PanelMatrix& matrix, size_t panel, const View& in,
                              const View& out, const View* residual, size_t thread) const {
  auto* sums = reinterpret_cast<int32_t*>(context_.scratch_[thread].data());
  matrix.multiply(context_.program_.dot(), panel, in, sums, sums + kProductRows * kPanelCols);
  finish_product(matrix, panel, sums, out, residual);
}

bool IntegerReplayer::run(const Linear& op, const Step& step) {
  const View in = value(op.in), out = value(op.out);
  const View residual = op.residual ? value(*op.residual) : View{};
  const size_t panels = step.matrix->panels(), row_blocks = blocks(in.rows, kProductRows);
  const size_t group =
      std::clamp(panels * row_blocks / (turn_.threads() * kUnitsPerThread), size_t{1}, kMostPanels);
  const size_t groups = blocks(panels, group);
  return turn_.run(groups * row_blocks, [&](size_t unit, size_t thread) {
    const size_t first = unit / groups * kProductRows;
    const size_t rows = std::min(kProductRows, in.rows - first);
    const View of_residual = op.residual ? residual.from(first, rows) : View{};
    for (size_t panel = unit % groups * group;
         panel < std::min(panels, (unit % groups + 1) * group); ++panel)
      product(*step.matrix, panel, in.from(first, rows), out.from(first, rows),
              op.residual ? &of_residual : nullptr, thread);
  });
}

bool IntegerReplayer::run(const Convolution& op, const Step& step) {
  const View in = value(op.in), out = value(op.out);
  const size_t planes = in.kind == Kind::kFine ? 2 : 1;
  return turn_.run(blocks(out.rows, kProductRows), [&](size_t unit, size_t thread) {
    const size_t first = unit * kProductRows;
    const size_t rows = std::min(kProductRows, out.rows - first);
    // The three input rows of each output row, side by side.
    const View gathered{context_.scratch_[thread].data() + kSumBytes,
                        stride_of(in.kind, step.matrix->cols()), rows, step.matrix->cols(),
                        in.kind};
    for (size_t r = 0; r < rows; ++r)
      for (size_t plane = 0; plane < planes; ++plane)
        for (size_t tap = 0; tap < 3; ++tap) {
          uint8_t* to = gathered.row(r) + plane * gathered.stride / planes + tap * in.cols;
          const size_t from = (first + r) * size(op.stride) + tap;  // counted from row -1
          if (from == 0 || from > in.rows)
            std::memset(to, kOffset, in.cols);
          else
            std::memcpy(to, in.row(from - 1) + plane * in.stride / planes, in.cols);
        }
    // Positions have the layout of a residual stream but for the stride.
    View positions;
    if (step.positions) {
      auto* table = const_cast<int16_t*>(step.positions->data()) + first * out.cols;
      positions = {reinterpret_cast<uint8_t*>(table), out.cols * sizeof(int16_t), rows, out.cols,
                   Kind::kResidual};
    }
    const Kind made = step.stream ? kind_of(step.stream->parameters().input) : out.kind;
    const View convolved{gathered.row(kProductRows), stride_of(made, out.cols), rows, out.cols,
                         made};
    for (size_t panel = 0; panel < step.matrix->panels(); ++panel)
      product(*step.matrix, panel, gathered, step.stream ? convolved : out.from(first, rows),
              nullptr, thread);
    for (size_t panel = 0; step.stream && panel < step.stream->panels(); ++panel)
      product(*step.stream, panel, convolved, out.from(first, rows), &positions, thread);
  });
}

bool IntegerReplayer::run(const LayerNorm& op, const Step& step) {
  const View in = value(op.in), out = value(op.out);
  return turn_.run(blocks(in.rows, kNormRows), [&](size_t unit, size_t) {
    for (size_t r = unit * kNormRows; r < std::min((unit + 1) * kNormRows, in.rows); ++r)
      layer_norm_row(*step.norm, in, out, r);
  });
}

bool IntegerReplayer::run(const Embed& op, const Step& step) {
  const View out = value(op.out);
  const quantised::Embedding& embedding = context_.program_.network().embedding;
  for (size_t r = 0; r < out.rows; ++r) {
    const auto token = size(replay_.rows[r].token);
    const int16_t* positions = step.positions->data() + size(replay_.rows[r].position) * out.cols;
    for (size_t c = 0; c < out.cols; ++c) {
      const int64_t product =
          int64_t{embedding.weights[token * out.cols + c]} * embedding.mult[token];
      out.residual(r)[c] = kernels::add_saturated(
          kernels::round_shift<int16_t>(product, embedding.shift[token]), positions[c]);
    }
  }
  return !turn_.interrupted();
}

bool IntegerReplayer::run(const Score& op, const Step& step) {
  IntegerLogits logits(context_.program_.dot(), *step.matrix, value(op.in), context_.score_rows_);
  return score_rows({}, logits, replay_.score, replay_.results, turn_, context_.score_,
                    context_.float_scratch_);
}

}  // namespace npu::cpu::integer
