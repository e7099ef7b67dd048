// SPDX-License-Identifier: LGPL-2.1-or-later
// Logits in f32.
#pragma once

#include "device/cpu/packed.h"
#include "device/cpu/score.h"

namespace npu::cpu {

class FloatLogits : public Logits {
 public:
  // Borrows both; `inputs` is where the rows of a pass lie side by side. It grows once.
  FloatLogits(const PackedMatrix& tokens, FloatArray& inputs) : tokens_(tokens), inputs_(inputs) {}

  size_t vocabulary() const override { return tokens_.rows; }
  void begin(const Matrix& in, std::span<const ScoreRequest> requests) override;
  void compute(size_t panel, size_t panels, float* out, size_t stride) const override;

 private:
  const PackedMatrix& tokens_;
  FloatArray& inputs_;
  Matrix rows_;
};

}  // namespace npu::cpu
