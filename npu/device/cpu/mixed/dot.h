// SPDX-License-Identifier: LGPL-2.1-or-later
// Products of 8-bit integers and of bfloat16: the inner loops, one variant per kind of instruction,
// and the table that says which of them runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "result.h"

namespace npu::cpu {

// One panel of an integer product, exact:
//   out[r][c] = sum over g < groups, i < 4 of a[r][4 g + i] b[g][c][i]
// for all kPanelCols columns c. The caller sees to it that no sum leaves 32 bits.
struct Int8Panel {
  const uint8_t* a;  // [rows][4 groups], lda bytes from row to row
  size_t lda;
  size_t rows;
  const int8_t* b;  // [groups][kPanelCols][4]
  size_t groups;
  int32_t* out;  // [rows][kPanelCols]
  size_t ld_out;
  // What is read next and thus fetched meanwhile, a cache line per group; null: the panel behind
  // this one.
  const void* ahead = nullptr;
};

// One panel of a bfloat16 product with sums in f32, g ascending:
//   out[r][c] = out[r][c] row_scale[r] + sum over g < groups, i < 2 of a[r][2 g + i] b[g][c][i]
// Without row_scale, what `out` held does not count.
struct Bf16Panel {
  const uint16_t* a;  // [rows][2 groups], lda elements from row to row
  size_t lda;
  size_t rows;
  const uint16_t* b;  // [groups][kPanelCols][2]
  size_t groups;
  float* out;  // [rows][kPanelCols]
  size_t ld_out;
  const float* row_scale = nullptr;
  const void* ahead = nullptr;  // as above
};

// One block of keys of a softmax that sees them block by block, base 2. For each row r and a
// reference m, which is at least the greatest score so far less kSoftmaxSlack:
//   weights[r][c] = 2^(scores[r][c] - m) as bfloat16; rescale[r] = 2^(m before - m);
//   sums[r] = sums[r] rescale[r] + the sums of the weights, kSumLanes partial ones
// reference[r] becomes m, which moves only if a score is more than the slack above it: then it is
// the greatest of the block. The first block begins with reference = -inf and sums = 0. Weights
// from cols to the next even number are 0. Reads and writes whole panels.
struct SoftmaxBlock {
  const float* scores;
  size_t ld_scores;
  uint16_t* weights;
  size_t ld_weights;
  size_t rows;
  size_t cols;
  float* reference;  // [rows]
  float* sums;       // [rows][kSumLanes]
  float* rescale;    // [rows]
};
inline constexpr float kSoftmaxSlack = 16;
inline constexpr size_t kSumLanes = 16;

// A row of the table of variants.
struct DotVariant {
  const char* name;  // as NPUWHISPER_CPU spells it, and as the log says it
  bool (*supported)();
  // Whether int8 is faster than f32 with it in the encoder and in steps (docs/measurements.md),
  // which is what precision `auto` asks for.
  bool fast_int8;
  void (*int8)(const Int8Panel& panel);
  void (*bf16)(const Bf16Panel& panel);
  void (*softmax)(const SoftmaxBlock& block);
  // The Highway targets above the instruction set that the variant is for: not to be used by the
  // row operations beside it when the variant is forced.
  int64_t disabled_targets;
  // Gives back what the products keep in registers from call to call. For a thread that goes to
  // sleep or back to its caller, so that no switch of context saves it.
  void (*rest)() = [] {};
  // Bytes behind a panel that have been fetched when its product with few rows ends; 0: as many as
  // the panel has.
  size_t fetched = 0;
};

// All variants of this build, best first.
std::span<const DotVariant> dot_variants();

// The variant of this process: the best that the CPU supports or, if the environment variable
// NPUWHISPER_CPU is set, the one of that name, and with it no better instruction set anywhere in
// the CPU device. Decided at the first call; thread-safe. Errors: kInvalidArgument (a name that is
// not in the table, or that this CPU does not support: the message lists those that it does).
Result<const DotVariant*> dot_variant();

// Whether a forced variant decides about dispatch is seen to by dot_variant() alone; this is its
// rule for a given name, apart for tests. Null or empty: the best.
Result<const DotVariant*> choose_dot_variant(const char* name);

}  // namespace npu::cpu
