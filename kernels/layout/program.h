// SPDX-License-Identifier: LGPL-2.1-or-later
// Program memory of a core: estimates until a compiler has been asked (16 bytes an instruction of
// the wide kind, loops unrolled as far as their register tiles). To be replaced by llvm-size.
#pragma once

#include <cstddef>

#include "layout/tile.h"

namespace kernels {

struct ProgramEstimate {
  static constexpr size_t kMatmul = 2200;     // start and the product
  static constexpr size_t kFine = 250 + 300;  // clear, shift; split, pack
  static constexpr size_t kRequantise = 450;  // each of i16, v, kt; i16, then pack, gives i8
  static constexpr size_t kGelu = 900;        // to 16 bits, then split, pack or add
  static constexpr size_t kResidual = 650;    // with the plain addition
  static constexpr size_t kLayerNorm = 600 + 1400 + 1000;
  static constexpr size_t kAttention = 3000 + 1000;  // the block; start, finish
  static constexpr size_t kCombine = 700;
  static constexpr size_t kAlignment = 100;  // scores as in attention
  static constexpr size_t kCaches = 400;
  static constexpr size_t kTopK = 800;
  static constexpr size_t kLogits = 300;    // a loop of one block
  static constexpr size_t kControl = 2200;  // core/core_main.h and the locks
  static constexpr size_t kCommon =
      kMatmul + kFine + kRequantise + kGelu + kResidual + kLayerNorm + kAttention + kControl;

  // All of it would be more than a core has; without top-k it is one binary. Its halves are built
  // too, in case that a compiler needs more.
  static constexpr size_t kEncoder = kCommon + 2 * kRequantise;
  static constexpr size_t kDecoder = kCommon + kCombine + kAlignment + kCaches + kTopK + kLogits;
  static constexpr size_t kWhisper =
      kCommon + 2 * kRequantise + kCombine + kAlignment + kCaches + kLogits;
  static constexpr size_t kTotal = kWhisper;  // the greatest one
};
static_assert(ProgramEstimate::kEncoder <= ProgramEstimate::kTotal);
static_assert(ProgramEstimate::kDecoder <= ProgramEstimate::kTotal);
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
