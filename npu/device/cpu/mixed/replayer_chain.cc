// SPDX-License-Identifier: LGPL-2.1-or-later
// Replay of chains.
#include <algorithm>
#include <cmath>

#include "device/cpu/kernels.h"
#include "device/cpu/mixed/replayer.h"

namespace npu::cpu {
namespace {

constexpr size_t kMostPanels = 8;      // panels of one unit of work on the row table
constexpr size_t kUnitsPerThread = 4;  // so that the threads end together
constexpr size_t kSerialRows = 2;      // rows that one thread prepares sooner than it finds help

// Scores in base 2, so that the softmax needs no factor: log2(e).
constexpr float kLog2E = 1.44269504f;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}
size_t blocks(size_t total, size_t block) {
  return (total + block - 1) / block;
}

// Prepares one row of a stage. `normed` holds a row, and is used if there is a norm.
void prepare(const PrepareStage& stage, const float* row, size_t cols, float* normed,
             const PreparedRows& to, size_t index) {
  if (stage.gain) {
    layer_norm_row(row, normed, cols, stage.gain->data(), stage.bias->data());
    row = normed;
  }
  prepare_row(row, cols, to, index);
}

// One panel of a part of a product; the matrices begin at the first of `rows` rows.
void multiply(const DotVariant& dot, const ProductStage& stage, const ProductPart& part,
              size_t panel, const PreparedRows& rows, size_t row_count, void* sums,
              const Matrix& out, const Matrix& residual) {
  const size_t c = panel * kPanelCols;
  PanelFinish finish{
      row_count, part.bias ? part.bias->data() + c : nullptr, stage.gelu, nullptr, 0, out.data + c,
      out.stride};
  if (stage.residual) {
    finish.residual = residual.data + c;
    finish.ld_residual = residual.stride;
  }
  multiply_prepared(dot, *part.matrix, panel, rows, sums, finish);
}

}  // namespace

bool MixedReplayer::run(const Chain& chain) {
  if (chain.rows == kTableRows) {
    for (const Stage& stage : chain.stages)
      if (!std::visit([&](const auto& kind) { return table(kind); }, stage)) return false;
    return true;
  }
  const size_t total = size(chain.rows);
  return turn_.run(blocks(total, kBlockRows), [&](size_t unit, size_t thread) {
    const size_t first = unit * kBlockRows;
    Carver memory = carver(thread);
    Block part{chain, first, std::min(kBlockRows, total - first),
               ChainScratch(memory, chain.locals.size, context_.widest_)};
    for (const Stage& stage : chain.stages)
      std::visit([&](const auto& kind) { block(part, kind); }, stage);
  });
}

// The rows of the block.
Matrix MixedReplayer::block_value(const Block& block, ValueId id) const {
  Matrix matrix = values_[size(id)];
  matrix.data = block.chain.local[size(id)]
                    ? block.scratch.locals + block.chain.locals.offsets[size(id)]
                    : matrix.row(block.first);
  matrix.rows = block.rows;
  return matrix;
}

void MixedReplayer::block(Block& block, const PrepareStage& stage) const {
  const Matrix in = block_value(block, stage.in);
  block.scratch.prepared.element = stage.element;
  block.scratch.prepared.stride = prepared_stride(in.cols);
  for (size_t r = 0; r < in.rows; ++r)
    prepare(stage, in.row(r), in.cols, block.scratch.normed, block.scratch.prepared, r);
}

void MixedReplayer::block(Block& block, const ProductStage& stage) const {
  const Matrix residual = stage.residual ? block_value(block, *stage.residual) : Matrix{};
  for (const ProductPart& part : stage.parts) {
    const Matrix out = block_value(block, part.out);
    for (size_t panel = 0; panel < part.matrix->panels(); ++panel)
      multiply(dot_, stage, part, panel, block.scratch.prepared, out.rows, block.scratch.sums, out,
               residual);
  }
}

void MixedReplayer::block(Block& block, const NormStage& stage) const {
  const Matrix in = block_value(block, stage.in), out = block_value(block, stage.out);
  for (size_t r = 0; r < in.rows; ++r)
    layer_norm_row(in.row(r), out.row(r), in.cols, stage.gain->data(), stage.bias->data());
}

void MixedReplayer::block(Block& block, const QueryStage& stage) const {
  const Matrix q = block_value(block, stage.q);
  Bf16Queries& queries = context_.queries_;
  const float head_size = static_cast<float>(q.cols / size(stage.heads));
  queries.pack(block.first, q, kLog2E / std::sqrt(head_size));
}

void MixedReplayer::block(Block& block, const KeyValueStage& stage) const {
  context_.attended_.pack(block.first, block_value(block, stage.k), block_value(block, stage.v),
                          block.scratch.packing);
}

void MixedReplayer::block(Block& block, const CrossStage& stage) const {
  auto& layers = context_.cross_[size(replay_.store_slot)];
  if (layers.size() <= size(stage.layer)) return;  // no list reads it
  CrossLayer& layer = layers[size(stage.layer)];
  const Matrix k = block_value(block, stage.k), v = block_value(block, stage.v);
  if (program_.element() == Element::kInt8)
    layer.int8.pack(block.first, k, v, reinterpret_cast<int8_t*>(block.scratch.packing));
  else
    layer.bf16.pack(block.first, k, v, block.scratch.packing);
}

bool MixedReplayer::table(const PrepareStage& stage) {
  const Matrix in = value(stage.in);
  const PreparedRows to = prepared();
  const size_t rows =  // of a unit
      in.rows <= kSerialRows ? in.rows : blocks(in.rows, turn_.threads() * kUnitsPerThread);
  return turn_.run(blocks(in.rows, rows), [&](size_t unit, size_t thread) {
    Carver memory = carver(thread);
    const ChainScratch scratch(memory, 0, context_.widest_);
    for (size_t r = unit * rows; r < std::min((unit + 1) * rows, in.rows); ++r)
      prepare(stage, in.row(r), in.cols, scratch.normed, to, r);
  });
}

bool MixedReplayer::table(const ProductStage& stage) {
  size_t panels = 0;
  for (const ProductPart& part : stage.parts) panels += part.matrix->panels();
  const size_t total = replay_.rows.size(), row_blocks = blocks(total, kTableBlock);
  const size_t group =
      std::clamp(panels * row_blocks / (turn_.threads() * kUnitsPerThread), size_t{1}, kMostPanels);
  const size_t groups = blocks(panels, group);
  const PreparedRows rows = prepared();
  return turn_.run(groups * row_blocks, [&](size_t unit, size_t thread) {
    const size_t first = unit / groups * kTableBlock, count = std::min(kTableBlock, total - first);
    Carver memory = carver(thread);
    const ChainScratch scratch(memory, 0, context_.widest_);
    size_t begin = unit % groups * group, end = std::min(begin + group, panels);
    for (const ProductPart& part : stage.parts) {
      const size_t here = part.matrix->panels();
      Matrix out = value(part.out), residual = stage.residual ? value(*stage.residual) : Matrix{};
      out.data = out.row(first);
      if (stage.residual) residual.data = residual.row(first);
      for (size_t panel = begin; panel < std::min(end, here); ++panel)
        multiply(dot_, stage, part, panel, rows.from(first), count, scratch.sums, out, residual);
      begin = begin > here ? begin - here : 0;
      end = end > here ? end - here : 0;
    }
  });
}

bool MixedReplayer::table(const NormStage& stage) {
  const Matrix in = value(stage.in), out = value(stage.out);
  for (size_t r = 0; r < in.rows; ++r)
    layer_norm_row(in.row(r), out.row(r), in.cols, stage.gain->data(), stage.bias->data());
  return !turn_.interrupted();
}

}  // namespace npu::cpu
