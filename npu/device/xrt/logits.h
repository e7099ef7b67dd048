// SPDX-License-Identifier: LGPL-2.1-or-later
// Logits of a run out of the host's buffer, for the reductions that all devices share.
#pragma once

#include "device/cpu/score.h"
#include "device/xrt/image/layout.h"

namespace npu::array {

// As precision=npu gives them on the CPU. Borrows `host`, which must have been synced.
class ArrayLogits : public cpu::Logits {
 public:
  // `first_row` of the replay's table is row 0 of `logits`.
  ArrayLogits(const std::byte* host, const Tiles& logits, size_t vocabulary, size_t first_row)
      : host_(host), logits_(logits), vocabulary_(vocabulary), first_row_(first_row) {}

  size_t vocabulary() const override { return vocabulary_; }
  void begin(const cpu::Matrix&, std::span<const ScoreRequest> requests) override {
    requests_ = requests;
  }
  void compute(size_t panel, size_t panels, float* out, size_t stride) const override;

 private:
  const std::byte* host_;
  Tiles logits_;
  size_t vocabulary_, first_row_;
  std::span<const ScoreRequest> requests_;
};

}  // namespace npu::array
