// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tiled_device.h"

#include <map>
#include <string>

#include "device/check.h"
#include "tiled_context.h"

namespace npu::testing {
namespace {

class TiledProgram : public Program {
 public:
  TiledProgram(std::span<const OpList> lists, TiledWeights weights)
      : lists_(lists.begin(), lists.end()), weights_(std::move(weights)) {}

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
    NPU_TRY(check_limits(lists_, limits));
    return make_tiled_context(lists_, weights_, limits);
  }
  Precision precision() const override { return Precision::kF32; }
  size_t weight_bytes() const override {
    size_t bytes = 0;
    for (const auto& [name, values] : weights_) bytes += values.size() * sizeof(float);
    return bytes;
  }

 private:
  std::vector<OpList> lists_;
  TiledWeights weights_;
};

// The weights that an operation names.
struct WeightsOf {
  std::vector<WeightRef> operator()(const Convolution& op) const {
    std::vector<WeightRef> refs{op.weight, op.bias};
    if (op.positions) refs.push_back(*op.positions);
    return refs;
  }
  std::vector<WeightRef> operator()(const Linear& op) const {
    return op.bias ? std::vector{op.weight, *op.bias} : std::vector{op.weight};
  }
  std::vector<WeightRef> operator()(const LayerNorm& op) const { return {op.gain, op.bias}; }
  std::vector<WeightRef> operator()(const Embed& op) const { return {op.tokens, op.positions}; }
  std::vector<WeightRef> operator()(const Score& op) const { return {op.tokens}; }
  template <typename Weightless>
  std::vector<WeightRef> operator()(const Weightless&) const {
    return {};
  }
};

class TiledDevice : public Device {
 public:
  std::string_view name() const override { return "tiled"; }
  std::string description() const override { return "plain loops over tiles of 64 x 64"; }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override {
    NPU_TRY(check_lists(lists));
    TiledWeights weights;
    for (const OpList& list : lists)
      for (const Op& op : list.ops)
        for (const WeightRef& ref : std::visit(WeightsOf{}, op)) {
          NPU_TRY(check_interrupt(cancel, {}, "loading"));
          auto& values = weights[ref.name];
          if (!values.empty()) continue;
          values.resize(ref.shape.elements());
          NPU_TRY(source.read(ref, values));
        }
    if (progress) progress(1);
    return std::unique_ptr<Program>(std::make_unique<TiledProgram>(lists, std::move(weights)));
  }
};

}  // namespace

std::unique_ptr<Device> make_tiled_device() {
  return std::make_unique<TiledDevice>();
}

}  // namespace npu::testing
