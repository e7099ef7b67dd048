// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the operations of one replay on the threads of the CPU device.
#pragma once

#include "device/cpu/context.h"

namespace npu::cpu {

class Replayer {
 public:
  // Borrows all; `replay` has been checked, and `turn` taken.
  Replayer(CpuContext& context, size_t list, const Replay& replay, Turn& turn);

  // False if it was interrupted.
  bool run(const Step& step);

  // Floats that each thread needs for itself.
  static size_t scratch_size(const CpuContext& context);

 private:
  bool run(const Convolution& op, const Step& step);
  bool run(const Linear& op, const Step& step);
  bool run(const LayerNorm& op, const Step& step);
  bool run(const Attention& op, const Step& step);
  bool run(const SelfAttention& op, const Step& step);
  bool run(const StoreCross& op, const Step& step);
  bool run(const CrossAttention& op, const Step& step);
  bool run(const Embed& op, const Step& step);
  bool run(const Score& op, const Step& step);
  bool run(const AlignmentScores& op, const Step& step);

  Matrix value(ValueId id) const;
  // Attention of rows first.. of one head with packed keys and values: fills `scores`
  // [rows][row_stride(positions)], then out.
  struct Block {
    const HeadPanels& panels;
    size_t head, positions, first, rows;
  };
  void scores_of(const Block& block, const Matrix& q, float* scores) const;
  void attend(const Block& block, const Matrix& q, const Matrix& out, float* scores) const;
  float* scratch(size_t thread) const;
  static size_t attention_scratch_size(const CpuContext& context);

  CpuContext& context_;
  const std::vector<Matrix>& values_;
  const Replay& replay_;
  Turn& turn_;
  size_t alignment_head_ = 0;
};

}  // namespace npu::cpu
