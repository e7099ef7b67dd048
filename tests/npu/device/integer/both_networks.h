// SPDX-License-Identifier: LGPL-2.1-or-later
// A network on the fast path and on the kernels at once, compared after each operation.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <numbers>
#include <string>

#include "array_network.h"
#include "device/cpu/mixed/dot.h"
#include "device/xrt/self_test/expected.h"
#include "quantised/graph.h"
#include "whisper/network.h"

namespace npu::testing {

class BothNetworks : public cpu::OpObserver {
 public:
  BothNetworks(std::span<const OpList> lists, quantised::Network network, int threads)
      : pool_(threads) {
    const auto dot = cpu::dot_variant();
    if (!dot) return;
    auto program = cpu::integer::IntegerProgram::compile(
        pool_, **dot, lists, array::with_integers_shown(network), {}, {}, this);
    EXPECT_TRUE(program) << program.error().message;
    if (!program) return;
    program_ = *std::move(program);
    ContextLimits limits;
    limits.max_rows = 16;
    auto context = program_->create_context(limits);
    EXPECT_TRUE(context) << context.error().message;
    if (context) context_ = *std::move(context);
    array_ = std::make_unique<ArrayNetwork>(*program_);
  }
  bool ready() const { return context_ != nullptr; }

  void write_mel(std::span<const float> mel);
  // Without scores or alignment where the list has none.
  void run(size_t list, std::span<const Row> rows = {});
  // Of the last row of the last list.
  int best_token() const;

  size_t compared() const { return compared_; }
  size_t differing() const { return differing_; }
  size_t operations() const { return operations_; }

 private:
  void observe(const Op& op, const Values& values) override;
  void compare(const std::string& name, ValueId out, const Rows& fast);
  void compare_scores(const std::vector<ScoreResult>& results);
  void compare_alignment(const std::vector<float>& fast, size_t rows);

  cpu::Pool pool_;
  std::unique_ptr<cpu::integer::IntegerProgram> program_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<ArrayNetwork> array_;
  size_t list_ = 0, next_step_ = 0;
  std::string query_;  // the last matrix that made a query
  int best_ = 0;
  size_t compared_ = 0, differing_ = 0, operations_ = 0;
};

}  // namespace npu::testing
