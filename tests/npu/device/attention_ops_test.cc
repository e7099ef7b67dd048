// SPDX-License-Identifier: LGPL-2.1-or-later
// The attention operations and their caches against plain loops in double.
#include <algorithm>
#include <cmath>

#include "close.h"
#include "rig.h"
#include "rounding.h"

namespace npu::testing {
namespace {

// Scaled scores of one query against rows of keys, and how far f32 may be from them if what the
// device sees of the query is off by `query_error` at most.
std::vector<Expected> scores_of(const float* q, const std::vector<const float*>& keys,
                                size_t head_size, double query_error = 0) {
  const double scale = 1 / std::sqrt(static_cast<double>(head_size));
  std::vector<Expected> scores;
  for (const float* key : keys) {
    double sum = 0, magnitude = 0, error = 0;
    for (size_t i = 0; i < head_size; ++i) {
      sum += double{q[i]} * key[i];
      magnitude += std::abs(double{q[i]} * key[i]);
      error += query_error * std::abs(double{key[i]});
    }
    scores.push_back(
        {sum * scale, ((static_cast<double>(head_size) + 4) * kUnit * magnitude + error) * scale});
  }
  return scores;
}

// How a device sees the inputs of attention, and how far its own roundings may move the result.
struct Inputs {
  Floats q, k, v;
  double bound;
};

// As bfloat16, queries in base 2 and scaled; the weights are rounded, too, before they multiply.
Inputs bf16_inputs(const Floats& q, const Floats& k, const Floats& v, size_t head_size) {
  const float scale = 1.44269504f / std::sqrt(static_cast<float>(head_size));
  return {as_bf16(q, scale), as_bf16(k), as_bf16(v), 0x1p-7};
}
Inputs full_inputs(Precision precision, const Floats& q, const Floats& k, const Floats& v,
                   size_t head_size) {
  if (precision == Precision::kF32) return {q, k, v, 0};
  return bf16_inputs(q, k, v, head_size);
}
// The self cache holds bfloat16; queries and weights stay as they are.
Inputs self_inputs(Precision precision, const Floats& q, const Floats& k, const Floats& v) {
  if (precision == Precision::kF32) return {q, k, v, 0};
  return {q, as_bf16(k), as_bf16(v), 0};
}
// Caches of int8, for each position and head; queries and weights have 16 bits.
Inputs cross_inputs(Precision precision, const Floats& q, const Floats& k, const Floats& v,
                    size_t head_size) {
  if (precision == Precision::kF32) return {q, k, v, 0};
  if (precision == Precision::kBf16) return bf16_inputs(q, k, v, head_size);
  return {q, as_int8(k, head_size), as_int8(v, head_size), 3e-3};
}

// One head of attention. Scores that are off by e change a weight by the factor exp(+-2 e) at most;
// sums over n positions of values up to 1 add n roundings.
std::vector<Expected> attend(const float* q, const std::vector<const float*>& keys,
                             const std::vector<const float*>& values, size_t head_size,
                             double bound = 0) {
  const auto scores = scores_of(q, keys, head_size);
  double max = -1e300, error = 0, sum = 0;
  for (const Expected& score : scores) {
    max = std::max(max, score.value);
    error = std::max(error, score.bound);
  }
  std::vector<Expected> out(head_size, {0, 0});
  for (size_t p = 0; p < scores.size(); ++p) {
    const double weight = std::exp(scores[p].value - max);
    sum += weight;
    for (size_t i = 0; i < head_size; ++i) out[i].value += weight * values[p][i];
  }
  for (Expected& x : out)
    x = {x.value / sum, 4 * error + (static_cast<double>(scores.size()) + 16) * kUnit + bound};
  return out;
}

// Pointers to one head's part of each row.
std::vector<const float*> head_rows(const Floats& matrix, size_t rows, size_t cols, size_t begin) {
  std::vector<const float*> out;
  for (size_t r = 0; r < rows; ++r) out.push_back(matrix.data() + r * cols + begin);
  return out;
}

class AttentionOps : public OnDevice {};

struct Case {
  int queries, keys, heads, head_size;
};

TEST_P(AttentionOps, FullAttentionWeighsAllRows) {
  for (const Case& c : {Case{1, 1, 1, 64},
                        {3, 15, 2, 64},
                        {64, 65, 1, 80},
                        {17, 448, 3, 16},
                        {65, 100, 2, 33},
                        {130, 257, 2, 64}}) {
    const int cols = c.heads * c.head_size;
    const OpList list{"attention",
                      {{c.queries, cols, "q"},
                       {c.keys, cols, "k"},
                       {c.keys, cols, "v"},
                       {c.queries, cols, "out"}},
                      {Attention{0, 1, 2, 3, c.heads}}};
    Rig rig(GetParam(), {list}, {});
    const Floats q = random_floats(size(c.queries * cols), 1, 2),
                 k = random_floats(size(c.keys * cols), 2, 2),
                 v = random_floats(size(c.keys * cols), 3);
    ASSERT_EQ(failure(rig.context->write("q", q)), "");
    ASSERT_EQ(failure(rig.context->write("k", k)), "");
    ASSERT_EQ(failure(rig.context->write("v", v)), "");
    ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
    Floats out(q.size());
    ASSERT_EQ(failure(rig.context->read("out", out)), "");
    const Inputs seen = full_inputs(GetParam().precision, q, k, v, size(c.head_size));
    std::vector<Expected> expected;
    for (size_t r = 0; r < size(c.queries); ++r)
      for (size_t h = 0; h < size(c.heads); ++h) {
        const size_t begin = h * size(c.head_size);
        const auto head = attend(seen.q.data() + r * size(cols) + begin,
                                 head_rows(seen.k, size(c.keys), size(cols), begin),
                                 head_rows(seen.v, size(c.keys), size(cols), begin),
                                 size(c.head_size), seen.bound);
        expected.insert(expected.end(), head.begin(), head.end());
      }
    EXPECT_TRUE(all_close(out, expected))
        << c.queries << " on " << c.keys << ", " << c.heads << " heads of " << c.head_size;
  }
}

constexpr int kHeads = 2, kCols = 128, kPositions = 70;

// q, k, v come from buffers, so that a test can say what each row is.
OpList self_list() {
  return {"self",
          {{kTableRows, kCols, "q"},
           {kTableRows, kCols, "k"},
           {kTableRows, kCols, "v"},
           {kTableRows, kCols, "out"}},
          {SelfAttention{0, 1, 2, 3, kHeads, 0}}};
}

// Follows the contract of histories with plain copies.
class SelfModel {
 public:
  explicit SelfModel(size_t slots) : keys_(slots), values_(slots) {}

  void permute(const std::vector<int>& parents) {
    const auto keys = keys_;
    const auto values = values_;
    for (size_t s = 0; s < parents.size(); ++s) {
      keys_[s] = keys[size(parents[s])];
      values_[s] = values[size(parents[s])];
    }
  }
  void append(const Row& row, const float* k, const float* v) {
    put(keys_[size(row.self_slot)], row.position, k);
    put(values_[size(row.self_slot)], row.position, v);
  }
  std::vector<Expected> attend_row(const Row& row, const float* q) const {
    std::vector<Expected> out;
    for (size_t h = 0; h < kHeads; ++h) {
      const size_t begin = h * kCols / kHeads;
      const auto head = attend(
          q + begin, head_rows(keys_[size(row.self_slot)], size(row.position) + 1, kCols, begin),
          head_rows(values_[size(row.self_slot)], size(row.position) + 1, kCols, begin),
          kCols / kHeads);
      out.insert(out.end(), head.begin(), head.end());
    }
    return out;
  }

 private:
  static void put(Floats& matrix, int position, const float* row) {
    matrix.resize(size(position) * kCols);
    matrix.insert(matrix.end(), row, row + kCols);
  }
  std::vector<Floats> keys_, values_;
};

struct SelfStep {
  std::vector<Row> rows;
  std::vector<int> parents;
};

// Runs the steps on the device and on the model, and compares each.
void expect_histories(const DeviceCase& device, const std::vector<SelfStep>& steps) {
  ContextLimits limits;
  limits.max_rows = kPositions;
  limits.self_slots = 4;
  limits.self_positions = kPositions;
  Rig rig(device, {self_list()}, limits);
  SelfModel model(4);
  for (size_t step = 0; step < steps.size(); ++step) {
    const Floats q = random_floats(kPositions * kCols, step * 3 + 1, 2),
                 k = random_floats(kPositions * kCols, step * 3 + 2, 2),
                 v = random_floats(kPositions * kCols, step * 3 + 3);
    ASSERT_EQ(failure(rig.context->write("q", q)), "");
    ASSERT_EQ(failure(rig.context->write("k", k)), "");
    ASSERT_EQ(failure(rig.context->write("v", v)), "");
    Replay replay;
    replay.rows = steps[step].rows;
    replay.self_parents = steps[step].parents;
    ASSERT_EQ(failure(rig.context->run(0, replay, {}, {})), "");
    Floats out(kPositions * kCols);
    ASSERT_EQ(failure(rig.context->read("out", out)), "");
    const Inputs seen = self_inputs(device.precision, q, k, v);
    model.permute(steps[step].parents);
    for (size_t r = 0; r < replay.rows.size(); ++r)
      model.append(replay.rows[r], seen.k.data() + r * kCols, seen.v.data() + r * kCols);
    for (size_t r = 0; r < replay.rows.size(); ++r)
      EXPECT_TRUE(all_close(std::span(out).subspan(r * kCols, kCols),
                            model.attend_row(replay.rows[r], q.data() + r * kCols)))
          << "step " << step << ", row " << r;
  }
}

std::vector<Row> prompt(int slot, int begin, int end) {
  std::vector<Row> rows;
  for (int position = begin; position < end; ++position) rows.push_back({0, position, slot, 0});
  return rows;
}

TEST_P(AttentionOps, RowsOfASlotSeeOnlyWhatIsBeforeThem) {
  expect_histories(GetParam(), {{prompt(0, 0, 65), {}}, {prompt(0, 65, 66), {}}});
}

TEST_P(AttentionOps, SlotsHaveHistoriesOfTheirOwn) {
  auto both = prompt(0, 0, 3);
  for (const Row& row : prompt(2, 0, 5)) both.push_back(row);
  expect_histories(GetParam(), {{both, {}}, {{{0, 5, 2, 0}, {0, 3, 0, 0}}, {}}});
}

TEST_P(AttentionOps, APermutationContinuesTheParents) {
  expect_histories(GetParam(),
                   {{prompt(0, 0, 4), {}},
                    {{{0, 4, 0, 0}, {0, 4, 1, 0}, {0, 4, 2, 0}}, {0, 0, 0}},
                    {{{0, 5, 0, 0}, {0, 5, 1, 0}, {0, 5, 2, 0}}, {2, 0, 1}},
                    {{{0, 6, 0, 0}, {0, 6, 1, 0}, {0, 6, 2, 0}}, {1, 1, 0}},
                    {{{0, 7, 2, 0}, {0, 7, 1, 0}, {0, 7, 0, 0}, {0, 7, 3, 0}}, {0, 2, 2, 1}},
                    {{{0, 8, 3, 0}, {0, 8, 0, 0}, {0, 8, 1, 0}}, {3, 3, 3, 3}}});
}

TEST_P(AttentionOps, AHistoryMayBeTakenUpAgainFurtherBack) {
  expect_histories(GetParam(), {{prompt(0, 0, 9), {}},
                                {{{0, 9, 0, 0}, {0, 9, 1, 0}}, {0, 0}},
                                {prompt(0, 3, 6), {}},
                                {{{0, 10, 1, 0}, {0, 6, 0, 0}}, {}},
                                {prompt(1, 0, 2), {}}});
}

OpList store_list() {
  return {"store", {{kPositions, kCols, "k"}, {kPositions, kCols, "v"}}, {StoreCross{0, 1, 1}}};
}

// The same, of the first `positions` rows.
OpList store_list(int positions) {
  return {"store fewer", {{positions, kCols, "k"}, {positions, kCols, "v"}}, {StoreCross{0, 1, 1}}};
}

OpList cross_list() {
  return {"cross",
          {{kTableRows, kCols, "q"}, {kTableRows, kCols, "out"}},
          {CrossAttention{0, 1, kHeads, 1}, AlignmentScores{0, 1, kHeads, {1}},
           AlignmentScores{0, 1, kHeads, {0, 1}}}};
}

TEST_P(AttentionOps, CrossAttentionReadsTheSlotOfEachRow) {
  ContextLimits limits;
  limits.max_rows = 6;
  limits.cross_slots = 2;
  limits.cross_positions = kPositions;
  Rig rig(GetParam(), {store_list(), cross_list()}, limits);
  std::vector<Floats> keys, values;
  for (int slot = 0; slot < 2; ++slot) {
    keys.push_back(random_floats(kPositions * kCols, size(slot) + 10, 2));
    values.push_back(random_floats(kPositions * kCols, size(slot) + 20));
    ASSERT_EQ(failure(rig.context->write("k", keys.back())), "");
    ASSERT_EQ(failure(rig.context->write("v", values.back())), "");
    Replay store;
    store.store_slot = slot;
    ASSERT_EQ(failure(rig.context->run(0, store, {}, {})), "");
  }
  const Floats q = random_floats(6 * kCols, 1, 2);
  ASSERT_EQ(failure(rig.context->write("q", q)), "");
  const Row rows[] = {{0, 0, 0, 1}, {0, 1, 0, 1}, {0, 2, 0, 0}, {0, 3, 0, 1}, {0, 4, 0, 0}};
  Floats alignment(3 * 5 * kPositions);
  Replay replay;
  replay.rows = rows;
  replay.alignment = alignment;
  ASSERT_EQ(failure(rig.context->run(1, replay, {}, {})), "");
  Floats out(6 * kCols);
  ASSERT_EQ(failure(rig.context->read("out", out)), "");
  // Queries are below 2; of 16 bits in int8.
  const double query_error = GetParam().precision == Precision::kInt8 ? 0.5 * 2 / 32767 : 0;
  for (size_t r = 0; r < 5; ++r)
    for (size_t h = 0; h < kHeads; ++h) {
      const size_t head_size = kCols / kHeads;
      const size_t slot = size(rows[r].cross_slot), begin = h * kCols / kHeads;
      const Inputs seen =
          cross_inputs(GetParam().precision, q, keys[slot], values[slot], head_size);
      const float* query = seen.q.data() + r * kCols + begin;
      const auto k = head_rows(seen.k, kPositions, kCols, begin);
      EXPECT_TRUE(all_close(
          std::span(out).subspan(r * kCols + begin, head_size),
          attend(query, k, head_rows(seen.v, kPositions, kCols, begin), head_size, seen.bound)));
      // Heads 1; 0, 1 in list order.
      for (const size_t index : h == 0 ? std::vector<size_t>{1} : std::vector<size_t>{0, 2})
        EXPECT_TRUE(
            all_close(std::span(alignment).subspan((index * 5 + r) * kPositions, kPositions),
                      scores_of(query, k, head_size, query_error)));
    }
}

// What a slot held before, and what another one holds, is not attended to.
TEST_P(AttentionOps, ASlotWithFewerPositionsIsLikeACacheOfThatSize) {
  for (const int fewer : {1, 31, 32, 33, kPositions - 1}) {
    Floats found[2], alignment[2];
    const Floats k = random_floats(kPositions * kCols, 1, 2), v = random_floats(k.size(), 2);
    for (const bool small : {false, true}) {
      ContextLimits limits;
      limits.max_rows = 2;
      limits.cross_slots = 2;
      limits.cross_positions = small ? fewer : kPositions;
      std::vector<OpList> lists = {store_list(fewer), cross_list()};
      if (!small) lists.push_back(store_list());
      Rig rig(GetParam(), lists, limits);
      const size_t stored = size(limits.cross_positions) * kCols;
      Replay store;
      for (const size_t list : small ? std::vector<size_t>{0} : std::vector<size_t>{2, 0}) {
        // First all of something else.
        const bool other = list == 2;
        ASSERT_EQ(failure(rig.context->write("k", std::span(other ? v : k).first(stored))), "");
        ASSERT_EQ(failure(rig.context->write("v", std::span(other ? k : v).first(stored))), "");
        ASSERT_EQ(failure(rig.context->run(list, store, {}, {})), "");
      }
      ASSERT_EQ(failure(rig.context->write("q", random_floats(2 * kCols, 3, 2))), "");
      const Row rows[] = {{0, 0, 0, 0}, {0, 1, 0, 0}};
      alignment[small].assign(3 * 2 * size(limits.cross_positions), 7);
      Replay replay;
      replay.rows = rows;
      replay.alignment = alignment[small];
      ASSERT_EQ(failure(rig.context->run(1, replay, {}, {})), "");
      found[small].resize(2 * kCols);
      ASSERT_EQ(failure(rig.context->read("out", found[small])), "");
    }
    EXPECT_EQ(found[0], found[1]) << fewer << " positions";
    for (size_t row = 0; row < 3 * 2; ++row)
      for (size_t p = 0; p < kPositions; ++p)
        ASSERT_EQ(alignment[0][row * kPositions + p],
                  p < size(fewer) ? alignment[1][row * size(fewer) + p] : 0)
            << fewer << " positions, row " << row << ", position " << p;
  }
}

// Norm, query, key, value, attention and what follows it, then a product that
// attention has nothing to do with.
OpList attention_block() {
  const WeightRef gain{"gain", {kCols}}, bias{"bias", {kCols}};
  const auto linear = [&](ValueId in, ValueId out, const char* name) {
    return Linear{in, out, WeightRef{name, {kCols, kCols}}, std::nullopt, false, std::nullopt};
  };
  OpList list{"block", {{kPositions, kCols, "x"}}, {LayerNorm{0, 1, gain, bias}}};
  for (const char* buffer : {"", "", "", "", "", "attended", "product"})
    list.values.push_back({kPositions, kCols, buffer});
  list.ops.emplace_back(linear(1, 2, "query"));
  list.ops.emplace_back(linear(1, 3, "key"));
  list.ops.emplace_back(linear(1, 4, "value"));
  list.ops.emplace_back(Attention{2, 3, 4, 5, kHeads});
  list.ops.emplace_back(linear(5, 6, "out"));
  list.ops.emplace_back(linear(6, 7, "other"));
  return list;
}

TEST(MixedAttention, ProductsAroundItAreBfloat16InInt8Too) {
  // The environment may force an instruction set that this CPU does not have.
  if (const auto device = open_device({"cpu", 0, 1}); !device)
    GTEST_SKIP() << device.error().message;
  std::vector<Floats> attended, product;
  for (const Precision precision : {Precision::kInt8, Precision::kBf16}) {
    ContextLimits limits;
    limits.cross_positions = kPositions;
    Rig rig({"Cpu", make_cpu<2>, precision}, {attention_block()}, limits);
    ASSERT_EQ(failure(rig.context->write("x", random_floats(kPositions * kCols, 1, 2))), "");
    ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
    for (auto* out : {&attended, &product}) out->emplace_back(kPositions * kCols);
    ASSERT_EQ(failure(rig.context->read("attended", attended.back())), "");
    ASSERT_EQ(failure(rig.context->read("product", product.back())), "");
  }
  EXPECT_EQ(attended[0], attended[1]);
  EXPECT_NE(product[0], product[1]);
}

INSTANTIATE_TEST_SUITE_P(Devices, AttentionOps, ::testing::ValuesIn(kDevices), device_name());
INSTANTIATE_TEST_SUITE_P(MixedDevices, AttentionOps, ::testing::ValuesIn(kMixedDevices),
                         device_name());

}  // namespace
}  // namespace npu::testing
