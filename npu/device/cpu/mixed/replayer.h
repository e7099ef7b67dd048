// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the steps of one replay on the threads of the CPU device.
#pragma once

#include <span>

#include "device/cpu/mixed/context.h"
#include "device/cpu/mixed/scratch.h"

namespace npu::cpu {

class MixedReplayer {
 public:
  // Borrows all; `replay` has been checked, and `turn` taken.
  MixedReplayer(MixedContext& context, size_t list, const Replay& replay, Turn& turn);

  // False if it was interrupted.
  bool run(const MixedStep& step);

 private:
  // Rows first.. of the values of a chain, in the hands of one thread.
  struct Block {
    const Chain& chain;
    size_t first, rows;
    ChainScratch scratch;
  };

  // Heads head.. of the attention of rows first.. of the table to their histories.
  struct SelfPart {
    const Bf16SelfLayer& layer;
    size_t first, rows;
    size_t head, heads, head_size;
  };

  // A head of the attention to a window, and whether the same thread has seen to the head before
  // and will see to the one behind.
  struct CrossPart {
    size_t head;
    bool fetched, goes_on;
  };

  bool run(const Chain& chain);
  bool run(const ConvolutionStep& step);
  bool run(const Attention& op);
  bool run(const SelfAttention& op);
  bool run(const CrossAttention& op);
  bool run(const EmbedStep& step);
  bool run(const ScoreStep& step);
  bool run(const AlignmentScores& op);

  // A chain on fixed rows: all stages of a block.
  void block(Block& block, const PrepareStage& stage) const;
  void block(Block& block, const ProductStage& stage) const;
  void block(Block& block, const NormStage& stage) const;
  void block(Block& block, const QueryStage& stage) const;
  void block(Block& block, const KeyValueStage& stage) const;
  void block(Block& block, const CrossStage& stage) const;
  Matrix block_value(const Block& block, ValueId id) const;

  // A chain on the row table: one stage with all threads.
  bool table(const PrepareStage& stage);
  bool table(const ProductStage& stage);
  bool table(const NormStage& stage);
  template <typename FixedRows>
  bool table(const FixedRows&) {
    return true;  // check_lists() lets none of them be on the row table
  }

  // Attention of rows first.. of `queries` to all positions of one head.
  void attend(const Bf16Queries& queries, const Bf16Heads& keys_values, size_t head, size_t first,
              const Matrix& out, size_t thread) const;
  void attend(const Int8Heads& keys_values, const CrossPart& part, const Matrix& q,
              const Matrix& out, size_t thread) const;

  void key_products(const Int8Heads& keys_values, size_t head, const Matrix& q, const int8_t* ahead,
                    const CrossScratch& s) const;
  bool has(size_t row, size_t begin, std::span<const int> storage) const;
  size_t rows_with(std::span<const int> storage, size_t row, size_t end, size_t begin) const;
  void attend(const SelfPart& part, const Matrix& q, const Matrix& out, size_t thread) const;

  Matrix value(ValueId id) const;
  Carver carver(size_t thread) const {
    return Carver(reinterpret_cast<uint8_t*>(context_.scratch_[thread].data()));
  }
  // The rows of the table.
  PreparedRows prepared() const {
    const bool int8 = program_.element() == Element::kInt8;
    return {int8 ? RowElement::kInt16 : RowElement::kBf16, context_.prepared_data_.data(),
            prepared_stride(context_.widest_), context_.prepared_scale_.data()};
  }

  MixedContext& context_;
  const MixedProgram& program_;
  const DotVariant& dot_;
  const std::vector<Matrix>& values_;
  const Replay& replay_;
  Turn& turn_;
  size_t alignment_head_ = 0;
};

}  // namespace npu::cpu
