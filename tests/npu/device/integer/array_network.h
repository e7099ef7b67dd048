// SPDX-License-Identifier: LGPL-2.1-or-later
// A network on the kernels: runs the steps of a program's lists one by one (array_ops.h), with
// caches of its own. One stream; heads have 64 columns.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "array_rows.h"
#include "device/cpu/integer/program.h"

namespace npu::testing {

class ArrayNetwork {
 public:
  // Borrows `program`, of which it takes the parameters.
  explicit ArrayNetwork(const cpu::integer::IntegerProgram& program) : program_(program) {}

  // The next steps are those of that list, for these rows of the table, if it has one.
  void begin(size_t list, std::span<const Row> rows);
  void run(const cpu::integer::Step& step);

  // Values of the list, and the buffers that it shares with others.
  const Rows& value(ValueId id);
  void put(ValueId id, Rows rows) { place(id) = std::move(rows); }

  // What the last list gave: [rows][vocabulary] with kLogitBits, and the exponents of each
  // alignment head, [rows][keys].
  const std::vector<int32_t>& scores() const { return scores_; }
  const std::vector<Rows>& alignment() const { return alignment_; }

 private:
  struct Keys {
    Rows k, v;
  };

  Rows& place(ValueId id);
  Kind kind(ValueId id) const;
  void run(const Convolution& op, const cpu::integer::Step& step);
  void run(const Linear& op, const cpu::integer::Step& step);
  void run(const LayerNorm& op, const cpu::integer::Step& step);
  void run(const Attention& op, const cpu::integer::Step& step);
  void run(const SelfAttention& op, const cpu::integer::Step& step);
  void run(const StoreCross& op, const cpu::integer::Step& step);
  void run(const CrossAttention& op, const cpu::integer::Step& step);
  void run(const Embed& op, const cpu::integer::Step& step);
  void run(const Score& op, const cpu::integer::Step& step);
  void run(const AlignmentScores& op, const cpu::integer::Step& step);

  const cpu::integer::IntegerProgram& program_;
  size_t list_ = 0;
  std::span<const Row> rows_;
  std::vector<Rows> values_;
  std::map<std::string, Rows> buffers_;
  std::map<int, Keys> self_, cross_;  // by layer
  std::vector<int32_t> scores_;
  std::vector<Rows> alignment_;
};

}  // namespace npu::testing
