// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of the CPU device: the recorded lists with their weights resolved.
#pragma once

#include <memory>
#include <vector>

#include "device/cpu/op_observer.h"
#include "device/cpu/packed.h"
#include "device/cpu/pool.h"
#include "device/device.h"

namespace npu::cpu {

// A matrix with what follows its product. Several that read the same input make one step.
struct MatrixPart {
  ValueId out;
  const PackedMatrix* matrix;
  const FloatArray* bias;  // may be null
  bool gelu;
};

// An operation and its packed weights; which of them are set depends on the operation.
struct Step {
  Op op;
  std::vector<MatrixPart> parts;         // Convolution and Linear, each at least one
  const PackedMatrix* matrix = nullptr;  // Embed, Score
  const FloatArray* bias = nullptr;      // LayerNorm
  const FloatArray* table = nullptr;     // positions of Convolution and Embed; LayerNorm's gain
};

class CpuProgram : public Program {
 public:
  // Borrows `observer`, which may be null; with one, operations are not joined. Errors: those of
  // Device::load().
  static Result<std::unique_ptr<CpuProgram>> compile(Pool& pool, std::span<const OpList> lists,
                                                     WeightSource& source,
                                                     const LoadProgress& progress,
                                                     const CancelToken& cancel,
                                                     OpObserver* observer);

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override;
  size_t weight_bytes() const override { return weights_.bytes(); }
  Precision precision() const override { return Precision::kF32; }

  const std::vector<OpList>& lists() const { return lists_; }
  const std::vector<Step>& steps(size_t list) const { return steps_[list]; }
  Pool& pool() const { return pool_; }
  OpObserver* observer() const { return observer_; }

 private:
  CpuProgram(Pool& pool, OpObserver* observer) : pool_(pool), observer_(observer) {}

  Pool& pool_;
  OpObserver* observer_;
  PackedWeights weights_;
  std::vector<OpList> lists_;
  std::vector<std::vector<Step>> steps_;  // by list
};

}  // namespace npu::cpu
