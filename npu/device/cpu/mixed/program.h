// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of the CPU device in int8 or bfloat16: the recorded lists, fused.
//
// Operations that compute each row by itself (layer norm, linear, the packing of attention's
// inputs) make a chain. A chain on a fixed number of rows runs block of rows by block of rows from
// end to end, while the block is in the cache; one on the row table, which has few rows, runs stage
// by stage, each with all threads. Either way a row's result is the same to the bit.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "device/cpu/mixed/matrix.h"
#include "device/cpu/plan.h"
#include "device/cpu/pool.h"
#include "device/device.h"

namespace npu::cpu {

// Rows of a block of a chain; a multiple of kPackedPositions.
inline constexpr size_t kBlockRows = 64;

// Prepares the rows of `in`, after a layer norm if there is a gain, for the products that follow.
struct PrepareStage {
  ValueId in;
  RowElement element;
  const FloatArray* gain;  // may be null
  const FloatArray* bias;  // null with it
};

// A matrix with where its product goes.
struct ProductPart {
  ValueId out;
  const MixedMatrix* matrix;
  const FloatArray* bias;  // may be null
};

// out = gelu?(prepared rows * matrix^T + bias) + residual, for each part.
struct ProductStage {
  std::vector<ProductPart> parts;
  bool gelu;
  std::optional<ValueId> residual;  // with one part
};

struct NormStage {
  ValueId in, out;
  const FloatArray* gain;
  const FloatArray* bias;
};

// Pack what the Attention step after the chain reads.
struct QueryStage {
  ValueId q;
  int heads;
};
struct KeyValueStage {
  ValueId k, v;
  int heads;
};

// StoreCross.
struct CrossStage {
  ValueId k, v;
  int layer;
};

using Stage =
    std::variant<PrepareStage, ProductStage, NormStage, QueryStage, KeyValueStage, CrossStage>;

struct Chain {
  int rows;  // of all its values; kTableRows: those of the row table
  std::vector<Stage> stages;
  std::vector<bool> local;  // by ValueId: exists in this chain only, and so a block at a time
  Plan locals;              // where, in the scratch of the thread that runs the block
};

struct ConvolutionStep {
  Convolution op;
  const MixedMatrix* matrix;
  const FloatArray* bias;
  const FloatArray* positions;  // may be null
};
struct EmbedStep {
  ValueId out;
  const MixedMatrix* tokens;
  const FloatArray* positions;
};
struct ScoreStep {
  ValueId in;
  const MixedMatrix* tokens;
};

using MixedStep = std::variant<Chain, ConvolutionStep, Attention, SelfAttention, CrossAttention,
                               EmbedStep, ScoreStep, AlignmentScores>;

// A list, compiled.
struct MixedList {
  std::vector<MixedStep> steps;
  std::vector<std::vector<ValueId>> operands;  // of each step, but for locals
};

class MixedProgram : public Program {
 public:
  // Matrices in `element`; attention and convolutions are bfloat16 either way. Errors: those of
  // Device::load().
  static Result<std::unique_ptr<MixedProgram>> compile(
      Pool& pool, const DotVariant& dot, Element element, std::span<const OpList> lists,
      WeightSource& source, const LoadProgress& progress, const CancelToken& cancel);

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override;
  size_t weight_bytes() const override { return weights_.bytes(); }
  Precision precision() const override {
    return element_ == Element::kInt8 ? Precision::kInt8 : Precision::kBf16;
  }

  const std::vector<OpList>& lists() const { return lists_; }
  const MixedList& compiled(size_t list) const { return compiled_[list]; }
  Element element() const { return element_; }
  const DotVariant& dot() const { return dot_; }
  Pool& pool() const { return pool_; }

 private:
  MixedProgram(Pool& pool, const DotVariant& dot, Element element)
      : pool_(pool), dot_(dot), element_(element) {}

  Pool& pool_;
  const DotVariant& dot_;
  Element element_;
  MixedWeights weights_;
  std::vector<OpList> lists_;
  std::vector<MixedList> compiled_;
};

}  // namespace npu::cpu
