// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorded list of operations: the only description of the network that devices see.
//
// A list is pure data. It names values (activations) by logical shape and weights by name, so that
// a device is free to choose types, layouts, padding, fusion and memory. What changes from one
// replay to the next (tokens, positions, cache slots, masks) is not in the list: see Replay in
// device.h.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tensor.h"

namespace npu {

// Index into OpList::values.
using ValueId = int;

// The number of rows of a value that has one row per entry of the replay's row table.
inline constexpr int kTableRows = 0;

// An activation matrix [rows][cols]. Values with a non-empty `buffer` live in the Context under
// that name: lists exchange data through them and the host may read or write them; with kTableRows
// they hold ContextLimits::max_rows rows. A buffer has the rows of the list that wants most, and
// other lists use the first of them. All others are temporaries of one replay.
struct Value {
  int rows;  // kTableRows: one per entry of the row table
  int cols;
  std::string buffer;
};

// A weight tensor by its canonical name (the OpenAI names, model/weights.h) and shape.
struct WeightRef {
  std::string name;
  Shape shape;
};

// out[t] = gelu(bias + sum_{k=0..2} weight[:, :, k] in[stride*t + k - 1]) (+ positions[t]).
// Kernel 3, one row of zeros before and after `in`. weight [out][in][3]; positions [rows or
// more][out].
struct Convolution {
  ValueId in;
  ValueId out;
  WeightRef weight;
  WeightRef bias;
  int stride;
  bool gelu;
  std::optional<WeightRef> positions;
};

// out = gelu?(in weight^T + bias) + residual. weight [out][in]; GELU is the exact erf form.
// `residual` may be the same value as `out`.
struct Linear {
  ValueId in;
  ValueId out;
  WeightRef weight;
  std::optional<WeightRef> bias;
  bool gelu = false;
  std::optional<ValueId> residual;
};

// Per row: (x - mean) / sqrt(population variance + 1e-5) * gain + bias.
struct LayerNorm {
  ValueId in;
  ValueId out;
  WeightRef gain;
  WeightRef bias;
};

// Full attention over all rows, `heads` heads of cols/heads columns:
// out = softmax(q k^T / sqrt(head size)) v.
struct Attention {
  ValueId q, k, v;
  ValueId out;
  int heads;
};

// Appends row r's k and v to layer `layer` of its self-cache slot at its position, for all rows
// first; then row r attends to positions 0..its own of its slot.
struct SelfAttention {
  ValueId q, k, v;
  ValueId out;
  int heads;
  int layer;
};

// Fills layer `layer` of the replay's cross-cache slot with k and v ([positions][cols]), at most
// ContextLimits::cross_positions; that many are attended to from then on.
struct StoreCross {
  ValueId k, v;
  int layer;
};

// Row r attends to all positions of layer `layer` of its cross-cache slot.
struct CrossAttention {
  ValueId q;
  ValueId out;
  int heads;
  int layer;
};

// out[r] = tokens[token of row r] + positions[position of row r].
struct Embed {
  ValueId out;
  WeightRef tokens;
  WeightRef positions;
};

// Logits of the rows that the replay asks for: in[r] tokens^T, filtered and reduced as ScoreRequest
// says. Computes nothing for other rows.
struct Score {
  ValueId in;
  WeightRef tokens;
};

// Hands out q k^T / sqrt(head size) of some heads against layer `layer` of the rows' cross-cache
// slot, before softmax; zeros where the slot has no positions. The heads of all AlignmentScores of
// a list are numbered in list order.
struct AlignmentScores {
  ValueId q;
  int layer;
  int heads;                // of the layer
  std::vector<int> chosen;  // heads to hand out
};

using Op = std::variant<Convolution, Linear, LayerNorm, Attention, SelfAttention, StoreCross,
                        CrossAttention, Embed, Score, AlignmentScores>;

// Operations in order of execution.
struct OpList {
  std::string name;
  std::vector<Value> values;
  std::vector<Op> ops;
};

}  // namespace npu
