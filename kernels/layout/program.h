// SPDX-License-Identifier: LGPL-2.1-or-later
// Program memory of a core: estimates until a compiler has been asked (16 bytes an instruction of
// the wide kind, loops unrolled as far as their register tiles). To be replaced by llvm-size.
#pragma once

#include <cstddef>

#include "layout/tile.h"

namespace kernels {

struct ProgramEstimate {
  static constexpr size_t kMatmul = 2200;         // start and the product
  static constexpr size_t kRequantise = 4 * 450;  // i8, i16, v, kt
  static constexpr size_t kGelu = 900;
  static constexpr size_t kResidual = 650;
  static constexpr size_t kLayerNorm = 600 + 1400 + 1000;
  static constexpr size_t kAttention = 3000 + 1700;  // the block; start, combine, finish
  static constexpr size_t kCaches = 400;
  static constexpr size_t kTopK = 800;
  static constexpr size_t kControl = 1300;  // descriptor, locks, loops
  static constexpr size_t kTotal = kMatmul + kRequantise + kGelu + kResidual + kLayerNorm +
                                   kAttention + kCaches + kTopK + kControl;
};
static_assert(ProgramEstimate::kTotal <= CoreMemory::kProgram);

// Log-mel beside all of that would not fit: a program of its own.
struct LogMelProgramEstimate {
  static constexpr size_t kDft = 1500;
  static constexpr size_t kPower = 350;
  static constexpr size_t kLogMel = 1900;
  static constexpr size_t kNormalise = 650;
  static constexpr size_t kTotal = kDft + kPower + kLogMel + kNormalise + ProgramEstimate::kControl;
};
static_assert(LogMelProgramEstimate::kTotal <= CoreMemory::kProgram);

}  // namespace kernels
