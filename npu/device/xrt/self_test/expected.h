// SPDX-License-Identifier: LGPL-2.1-or-later
// What precision=npu on the CPU makes of each operation, in integers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/cpu/integer/program.h"
#include "device/self_test.h"

namespace npu::array {

// The integers of an activation, row-major.
struct Integers {
  size_t rows = 0, cols = 0;
  std::vector<int16_t> values;

  int at(size_t row, size_t col) const { return values[row * cols + col]; }
};

// The same network with steps of 1: an observer is then shown the integers themselves.
std::shared_ptr<const quantised::Network> with_integers_shown(const quantised::Network& network);

// What an operation makes, by the name that ExpectedValues::find() takes.
using MadeValue = std::pair<std::string, ValueId>;

// None of operations that make no activation. `makers`: by value, the names of what made those that
// attention may ask with.
std::optional<MadeValue> made_by(const Op& op, const std::vector<std::string>& makers);

class ExpectedValues : public cpu::OpObserver {
 public:
  // `network` is one with_integers_shown(). Errors: those of Device::load() and create_context().
  static Result<std::unique_ptr<ExpectedValues>> create(
      std::span<const OpList> lists, std::shared_ptr<const quantised::Network> network,
      const ContextLimits& limits, int threads);

  // Asks for all logits of all rows, and for the alignment.
  Result<void> run(size_t list, std::span<const Row> rows, std::span<const int> self_parents = {},
                   int store_slot = 0);
  Context& context() { return *context_; }

  // Of the last run: by the name of the matrix or norm that made it; of attention by the query's,
  // with "/attended"; of embedded tokens kTokenRows. Null: not known.
  const Integers* find(const std::string& name) const;
  const std::vector<ScoreResult>& results() const { return results_; }
  // [heads][rows][cross_positions of the limits]
  const std::vector<float>& alignment() const { return alignment_; }

 private:
  ExpectedValues(const ContextLimits& limits, int threads) : pool_(threads), limits_(limits) {}
  void observe(const Op& op, const Values& values) override;

  cpu::Pool pool_;
  const ContextLimits limits_;
  std::unique_ptr<cpu::integer::IntegerProgram> program_;
  std::unique_ptr<Context> context_;
  std::vector<std::string> makers_;  // by value
  std::map<std::string, Integers> made_;
  std::vector<ScoreResult> results_;
  std::vector<float> alignment_;
};

// A replay that asks for all logits of all rows, and for the alignment: into `results` and
// `alignment`, which it makes. `requests` must live as long as the replay.
Replay ask_for_all(const OpList& list, std::span<const Row> rows, int cross_positions,
                   std::vector<ScoreRequest>& requests, std::vector<ScoreResult>& results,
                   std::vector<float>& alignment);

}  // namespace npu::array
