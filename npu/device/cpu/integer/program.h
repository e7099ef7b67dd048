// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of the CPU device in the array's arithmetic: bit for bit what kernels/ compute, faster.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "device/cpu/integer/activation.h"
#include "device/cpu/integer/product.h"
#include "device/cpu/op_observer.h"
#include "device/cpu/pool.h"
#include "device/device.h"
#include "numerics/linear_table.h"
#include "quantised/network.h"

namespace npu::cpu::integer {

// An operation with its parameters; which of them are set depends on the operation.
struct Step {
  Op op;
  const PanelMatrix* matrix = nullptr;              // Convolution, Linear, Score
  const PanelMatrix* stream = nullptr;              // Convolution with positions: into the stream
  const quantised::Norm* norm = nullptr;            // LayerNorm
  const quantised::Attention* attention = nullptr;  // the attentions and AlignmentScores
  const std::vector<int16_t>* positions = nullptr;  // Convolution, Embed
  const std::vector<float>* out_steps = nullptr;    // of what it makes; for observers
};

struct CompiledList {
  std::vector<Step> steps;
  std::vector<Kind> kinds;  // by value
};

class IntegerProgram : public Program {
 public:
  // Borrows `observer`, which may be null. Errors: those of Device::load(); kUnsupported names what
  // `network` lacks.
  static Result<std::unique_ptr<IntegerProgram>> compile(
      Pool& pool, const DotVariant& dot, std::span<const OpList> lists,
      std::shared_ptr<const quantised::Network> network, const LoadProgress& progress,
      const CancelToken& cancel, OpObserver* observer);

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override;
  size_t weight_bytes() const override { return bytes_; }
  Precision precision() const override { return Precision::kNpu; }

  const std::vector<OpList>& lists() const { return lists_; }
  const CompiledList& compiled(size_t list) const { return compiled_[list]; }
  const quantised::Network& network() const { return *network_; }
  const kernels::LinearTable& exp2() const { return exp2_; }
  const DotVariant& dot() const { return dot_; }
  Pool& pool() const { return pool_; }
  OpObserver* observer() const { return observer_; }

 private:
  friend class Compiler;
  IntegerProgram(Pool& pool, const DotVariant& dot,
                 std::shared_ptr<const quantised::Network> network, OpObserver* observer);

  Pool& pool_;
  const DotVariant& dot_;
  std::shared_ptr<const quantised::Network> network_;
  OpObserver* observer_;
  kernels::LinearTable exp2_;
  std::map<std::string, PanelMatrix> matrices_;
  size_t bytes_ = 0;
  std::vector<OpList> lists_;
  std::vector<CompiledList> compiled_;
};

}  // namespace npu::cpu::integer
