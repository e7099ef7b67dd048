// SPDX-License-Identifier: LGPL-2.1-or-later
// Logits in int8 or bfloat16.
#pragma once

#include "device/cpu/mixed/matrix.h"
#include "device/cpu/score.h"

namespace npu::cpu {

class MixedLogits : public Logits {
 public:
  // Borrows all; `prepared` has room for kScoreRows rows, `row` for one.
  MixedLogits(const DotVariant& dot, const MixedMatrix& tokens, const PreparedRows& prepared,
              float* row)
      : dot_(dot), tokens_(tokens), prepared_(prepared), row_(row) {}

  size_t vocabulary() const override { return tokens_.rows; }
  void begin(const Matrix& in, std::span<const ScoreRequest> requests) override;
  void compute(size_t panel, size_t panels, float* out, size_t stride) const override;
  Ahead ahead(size_t panel) const override;

 private:
  const DotVariant& dot_;
  const MixedMatrix& tokens_;
  PreparedRows prepared_;
  float* row_;
  size_t rows_ = 0;
};

}  // namespace npu::cpu
