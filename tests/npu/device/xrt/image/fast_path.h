// SPDX-License-Identifier: LGPL-2.1-or-later
// precision=npu on the CPU, with the integers of every activation.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "array_rows.h"
#include "device/cpu/integer/program.h"
#include "device/cpu/mixed/dot.h"

namespace npu::testing {

class FastPath : public cpu::OpObserver {
 public:
  // `network` with steps of 1, so that integers are shown. After a failure ready() is false.
  FastPath(std::span<const OpList> lists, std::shared_ptr<const quantised::Network> network,
           const ContextLimits& limits);
  bool ready() const { return context_ != nullptr; }

  void write(const std::string& buffer, std::span<const float> data) {
    const auto written = context_->write(buffer, data);
    EXPECT_TRUE(written) << written.error().message;
  }
  // Asks for all logits of all rows, and for the alignment.
  void run(size_t list, std::span<const Row> rows = {}, int store_slot = 0);

  // By the name of the matrix or norm that made it; of attention by the query's, with "/attended".
  // Of the last run.
  const std::map<std::string, Rows>& made() const { return made_; }
  const std::vector<ScoreResult>& results() const { return results_; }
  // [heads][rows][limits.cross_positions]
  const std::vector<float>& alignment() const { return alignment_; }

 private:
  void observe(const Op& op, const Values& values) override;

  cpu::Pool pool_{2};
  ContextLimits limits_;
  std::unique_ptr<cpu::integer::IntegerProgram> program_;
  std::unique_ptr<Context> context_;
  size_t list_ = 0;
  std::vector<std::string> makers_;  // by value
  std::map<std::string, Rows> made_;
  std::vector<ScoreResult> results_;
  std::vector<float> alignment_;
};

}  // namespace npu::testing
