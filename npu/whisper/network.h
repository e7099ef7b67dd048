// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper, written once: lists of operations that every device runs.
// Source: openai/whisper:whisper/model.py (AudioEncoder, TextDecoder, ResidualAttentionBlock).
#pragma once

#include <iterator>
#include <utility>
#include <vector>

#include "device/op_list.h"
#include "model/dims.h"

namespace npu {

// (decoder layer, head) pairs whose cross-attention follows the audio.
using AlignmentHeads = std::vector<std::pair<int, int>>;

// Named buffers through which the lists exchange data.
inline constexpr const char* kMelBuffer = "mel";          // [3000][mel_bands], one row per 10 ms
inline constexpr const char* kEncodedBuffer = "encoded";  // [1500][width], one row per 20 ms

// Encoder positions that there are lists for, beside all.
inline constexpr int kFewerPositions[] = {384, 512, 768, 1024};
inline constexpr int kTailPositions = 256;

// Index of each list in the vector that whisper_lists() returns.
enum WhisperList : size_t {
  kEncoder,     // "mel" -> "encoded"
  kCrossKv,     // "encoded" -> cross cache of the replay's store_slot
  kDecodeStep,  // row table -> scores
  kAlign,       // the decode step that also hands out the alignment heads' scores
  kFitting,     // an encoder and a cross_kv for each of kFewerPositions, one pair after the other
  kWhisperLists = kFitting + 2 * std::size(kFewerPositions)
};

// The encoder positions that a window of `frames` mel frames is computed on if they are to fit it:
// those of its audio and kTailPositions of the padding, rounded up to one of kFewerPositions, or
// all. How many of the padding was chosen by word error rate (docs/measurements.md).
int fitting_positions(int frames);

// The list, kEncoder or kCrossKv, on that many positions: a result of fitting_positions().
size_t list_on_positions(WhisperList list, int positions);

// Records all lists. `heads` must be sorted by layer and lie within the decoder.
std::vector<OpList> whisper_lists(const ModelDims& dims, const AlignmentHeads& heads);

// Of those lists the three that name every weight once: encoder, cross_kv, decode step. Borrowed.
std::vector<const OpList*> whole_network(const std::vector<OpList>& lists);

}  // namespace npu
