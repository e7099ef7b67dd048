// SPDX-License-Identifier: LGPL-2.1-or-later
#include "both_networks.h"

#include <algorithm>
#include <cmath>

namespace npu::testing {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// The weights that an operation reads; empty: those of the query.
struct Name {
  std::string operator()(const Convolution& op) const { return op.weight.name; }
  std::string operator()(const Linear& op) const { return op.weight.name; }
  std::string operator()(const LayerNorm& op) const { return op.gain.name; }
  std::string operator()(const Embed& op) const { return op.tokens.name; }
  std::string operator()(const Score& op) const { return op.tokens.name; }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

// What an operation makes for others of its list.
struct Made {
  std::optional<ValueId> operator()(const Score&) const { return std::nullopt; }
  std::optional<ValueId> operator()(const StoreCross&) const { return std::nullopt; }
  std::optional<ValueId> operator()(const AlignmentScores&) const { return std::nullopt; }
  template <typename Other>
  std::optional<ValueId> operator()(const Other& op) const {
    return op.out;
  }
};

}  // namespace

void BothNetworks::write_mel(std::span<const float> mel) {
  ASSERT_TRUE(context_->write(kMelBuffer, mel));
  const Convolution& first = std::get<Convolution>(program_->lists()[kEncoder].ops.front());
  const Value& value = program_->lists()[kEncoder].values[size(first.in)];
  Rows rows(Kind::kFine, size(value.rows), size(value.cols));
  for (size_t i = 0; i < rows.values.size(); ++i)
    rows.put(i, static_cast<int>(std::nearbyint(mel[i] / quantised::kMelStep)));
  array_->begin(kEncoder, {});
  array_->put(first.in, std::move(rows));
}

void BothNetworks::observe(const Op& op, const Values& values) {
  const cpu::integer::Step& step = program_->compiled(list_).steps[next_step_++];
  ASSERT_EQ(op.index(), step.op.index());
  std::string name = std::visit(Name{}, op);
  if (name.find(".query.") != std::string::npos) query_ = name;
  if (name.empty()) name = query_ + ", attention";
  array_->run(step);
  ++operations_;
  const std::optional<ValueId> out = std::visit(Made{}, op);
  if (!out) return;
  const cpu::Matrix floats = values(*out);
  Rows fast(program_->compiled(list_).kinds[size(*out)], floats.rows, floats.cols);
  for (size_t i = 0; i < fast.values.size(); ++i)
    fast.put(i, static_cast<int>(floats.row(i / fast.cols)[i % fast.cols]));
  compare(name, *out, fast);
}

void BothNetworks::compare(const std::string& name, ValueId out, const Rows& fast) {
  const Rows& array = array_->value(out);
  const size_t differing = differing_bytes(fast, array);
  EXPECT_EQ(differing, 0u) << name << ", of " << array.bytes() << " bytes";
  EXPECT_TRUE(std::any_of(array.values.begin(), array.values.end(), [](int x) { return x != 0; }))
      << name << " is all zero";
  differing_ += differing;
  compared_ += array.bytes();
}

void BothNetworks::compare_scores(const std::vector<ScoreResult>& results) {
  const std::vector<int32_t>& array = array_->scores();
  const size_t vocabulary = array.size() / results.size();
  size_t differing = 0;
  for (size_t i = 0; i < array.size(); ++i) {
    const float score = std::ldexp(static_cast<float>(array[i]), -int{quantised::kLogitBits});
    differing += score != results[i / vocabulary].full_row[i % vocabulary];
  }
  EXPECT_EQ(differing, 0u) << "scores, of " << array.size();
  differing_ += differing * sizeof(float);
  compared_ += array.size() * sizeof(float);
  const auto& last = results.back().full_row;
  best_ = static_cast<int>(std::max_element(last.begin(), last.end()) - last.begin());
}

void BothNetworks::compare_alignment(const std::vector<float>& fast, size_t rows) {
  size_t differing = 0;
  const size_t keys = fast.size() / (array_->alignment().size() * rows);
  for (size_t i = 0; i < fast.size(); ++i) {
    const Rows& head = array_->alignment()[i / (rows * keys)];
    const float score =
        std::numbers::ln2_v<float> / 256 * static_cast<float>(head.values[i % (rows * keys)]);
    differing += score != fast[i];
  }
  EXPECT_EQ(differing, 0u) << "alignment, of " << fast.size();
  differing_ += differing * sizeof(float);
  compared_ += fast.size() * sizeof(float);
}

void BothNetworks::run(size_t list, std::span<const Row> rows) {
  list_ = list;
  next_step_ = 0;
  array_->begin(list, rows);
  std::vector<ScoreRequest> requests(rows.size());
  std::vector<ScoreResult> results(rows.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    requests[r].row = static_cast<int>(r);
    requests[r].full_row = true;
  }
  size_t heads = 0;
  for (const Op& op : program_->lists()[list].ops)
    if (const auto* scores = std::get_if<AlignmentScores>(&op)) heads += scores->chosen.size();
  std::vector<float> alignment(heads * rows.size() * kAudioPositions);
  Replay replay;
  replay.rows = rows;
  replay.score = requests;
  replay.results = results;
  replay.alignment = alignment;
  const auto ran = context_->run(list, replay, {}, {});
  ASSERT_TRUE(ran) << ran.error().message;
  ASSERT_EQ(next_step_, program_->compiled(list).steps.size());
  if (!rows.empty()) compare_scores(results);
  if (heads > 0) compare_alignment(alignment, rows.size());
}

int BothNetworks::best_token() const {
  return best_;
}

}  // namespace npu::testing
