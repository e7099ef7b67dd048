// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the operations of one replay of the integer path.
#pragma once

#include "device/cpu/integer/context.h"

namespace npu::cpu::integer {

class IntegerReplayer {
 public:
  // Borrows all; `replay` has been checked, and `turn` taken.
  IntegerReplayer(IntegerContext& context, size_t list, const Replay& replay, Turn& turn);

  // False if it was interrupted.
  bool run(const Step& step);

  // Bytes that each thread needs for itself.
  static size_t scratch_size(const IntegerProgram& program);

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

  View value(ValueId id) const;
  void show(OpObserver& observer, const Step& step) const;
  void product(const PanelMatrix& matrix, size_t panel, const View& in, const View& out,
               const View* residual, size_t thread) const;
  Head head(const Step& step, size_t index) const;

  IntegerContext& context_;
  const std::vector<View>& values_;
  const Replay& replay_;
  Turn& turn_;
  size_t alignment_head_ = 0;
};

}  // namespace npu::cpu::integer
