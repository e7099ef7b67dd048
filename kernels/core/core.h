// SPDX-License-Identifier: LGPL-2.1-or-later
// What a core holds between the objects of its streams.
#pragma once

#include <cstddef>
#include <cstdint>

#include "attention/attention.h"
#include "layer_norm/layer_norm.h"
#include "layout/descriptor.h"
#include "layout/program.h"
#include "topk/topk.h"

namespace kernels {

// kWhisper has all that Whisper's lists need, in one hardware context; encoder and decoder are its
// halves, should it not fit. kWhole, with top-k, is more than the program memory holds
// (layout/program.h): for the host.
enum class Program { kEncoder, kDecoder, kWhisper, kWhole };

// The parameter buffer: the beginning of the descriptor, and what the operation keeps beside it.
struct alignas(32) CoreParameters {
  DescriptorHead head;
  int32_t bias[kTile];
  int16_t mult[kTile];
  int16_t out_mult[kTile];
  union {
    NormParameters norm;
    struct {
      AttentionRow rows[kTile];
      int32_t limits[kTile];
    } attention;
    Candidate best[kGroupRows * kTopK];  // from kFirst to kLast
  };
};
static_assert(offsetof(CoreParameters, norm) == offsetof(Descriptor, norm));
static_assert(sizeof(CoreParameters) <= CoreMemory::kParameters);

// Where things lie in the scratch buffer, in bytes, while the sums do not fill it.
struct ScratchPlace {
  static constexpr size_t kNormRows = kNormSumElements * sizeof(int32_t);
  static constexpr size_t kNormValues = 8192;   // int16
  static constexpr size_t kTurnedBlock = 4096;  // K^T and V, behind the sums of 16 rows
  static constexpr size_t kWeights = kTurnedBlock + kObjectBytes;  // of attention with kNarrow
};
static_assert(ScratchPlace::kNormRows + kTile * sizeof(NormRow) <= ScratchPlace::kNormValues);
static_assert(ScratchPlace::kNormValues + kTileElements * sizeof(int16_t) <= CoreMemory::kScratch);
static_assert(kGroupRows * kTile * sizeof(int32_t) <= ScratchPlace::kTurnedBlock);
static_assert(ScratchPlace::kWeights + kAttentionScratchBytes <= CoreMemory::kScratch);

// Buffers are 32-byte aligned; their contents at the start are of no meaning.
struct CoreState {
  unsigned row;     // of the core in its column, 0 to 3
  int8_t* scratch;  // CoreMemory::kScratch
  CoreParameters* parameters;
  int16_t* table;  // CoreMemory::kTable
  // Set by a descriptor of another kind or version, or of an operation that this program has not.
  // Nothing can be said from a core: its streams stand still, and the host's deadline ends the
  // wait.
  bool stopped;
};

}  // namespace kernels
