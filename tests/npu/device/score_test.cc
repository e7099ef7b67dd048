// SPDX-License-Identifier: LGPL-2.1-or-later
// Scores: what each request gets, against the whole row of logits.
#include <algorithm>
#include <cmath>
#include <limits>

#include "close.h"
#include "device/cpu/best_list.h"
#include "rig.h"
#include "rounding.h"
#include "tiled_score.h"

namespace npu::testing {
namespace {

constexpr int kVocabulary = 2600;  // several chunks, the last one partial
constexpr int kWidth = 65;
constexpr float kNone = -std::numeric_limits<float>::infinity();

// Token t's embedding is the input row for token t, so the logits are products of weight rows.
OpList score_list() {
  const WeightRef tokens{"tokens", {kVocabulary, kWidth}};
  return {"score",
          {{kTableRows, kWidth, "x"}},
          {Embed{0, tokens, {"positions", {8, kWidth}}}, Score{0, tokens}}};
}

TEST(BestList, HoldsTheSameInWhateverOrderTheyCame) {
  std::vector<Candidate> all;
  for (int id = 0; id < 6; ++id) all.push_back({id, static_cast<float>(id / 2)});
  std::vector<int> order = {0, 1, 2, 3, 4, 5};
  do {
    std::vector<Candidate> room(3);
    size_t count = 0;
    cpu::BestList best(room, count);
    for (const int index : order) {
      EXPECT_EQ(best.least() == kNone, count < 3);
      best.add(all[size(index)]);
    }
    ASSERT_EQ(count, 3u);
    EXPECT_EQ(room[0].id, 4);
    EXPECT_EQ(room[1].id, 5);
    EXPECT_EQ(room[2].id, 2);
    EXPECT_EQ(best.least(), 1.0f);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(BestList, WithoutRoomTakesNothing) {
  size_t count = 0;
  cpu::BestList best({}, count);
  best.add({1, 5.0f});
  EXPECT_EQ(count, 0u);
  EXPECT_GT(best.least(), 5.0f);
}

class Scores : public OnDevice {
 protected:
  static constexpr int kRows = 70;

  Scores() {
    limits_.max_rows = kRows;
    limits_.self_slots = kRows;
    for (int row = 0; row < kRows; ++row) rows_.push_back({row * 37 + 1, row % 8, row, 0});
  }
  void SetUp() override {
    OnDevice::SetUp();
    if (IsSkipped()) return;
    rig_ = std::make_unique<Rig>(GetParam(), std::vector{score_list()}, limits_);
  }

  std::vector<ScoreResult> run(const std::vector<ScoreRequest>& requests) {
    std::vector<ScoreResult> results(requests.size());
    Replay replay;
    replay.rows = rows_;
    replay.score = requests;
    replay.results = results;
    EXPECT_EQ(failure(rig_->context->run(0, replay, {}, {})), "");
    return results;
  }

  ContextLimits limits_;
  std::vector<Row> rows_;
  std::unique_ptr<Rig> rig_;
};

TEST_P(Scores, FullRowIsTheProductWithTheEmbedding) {
  std::vector<ScoreRequest> requests(2);
  requests[0].row = 3;
  requests[1].row = 69;
  for (auto& request : requests) request.full_row = true;
  const auto results = run(requests);
  const Precision precision = GetParam().precision;
  const auto [tokens, column] =
      seen_embedding(precision, weight_of({"tokens", {kVocabulary, kWidth}}), kWidth);
  const auto positions = weight_of({"positions", {8, kWidth}});
  for (size_t i = 0; i < 2; ++i) {
    const Row& row = rows_[size(requests[i].row)];
    Floats x(kWidth);
    for (size_t c = 0; c < kWidth; ++c)
      x[c] = tokens[size(row.token) * kWidth + c] + positions[size(row.position) * kWidth + c];
    for (size_t c = 0; c < kWidth; ++c) x[c] *= column[c];
    x = seen_table_rows(precision, x, kWidth);
    std::vector<Expected> expected;
    for (size_t id = 0; id < kVocabulary; ++id) {
      double sum = 0, magnitude = 0;
      for (size_t c = 0; c < kWidth; ++c) {
        const double product = double{x[c]} * tokens[id * kWidth + c] / column[c];
        sum += product;
        magnitude += std::abs(product);
      }
      expected.push_back({sum, (kWidth + 4) * kUnit * magnitude});
    }
    EXPECT_TRUE(all_close(results[i].full_row, expected));
  }
}

// The reductions of a device must be those of its own full row, exactly but for the sums.
void expect_answer(const ScoreRequest& request, const ScoreResult& found) {
  ScoreResult expected;
  answer(found.full_row, request, expected);
  EXPECT_EQ(found.named, expected.named);
  EXPECT_NEAR(found.raw_log_sum_exp, expected.raw_log_sum_exp, 1e-6f * 16);
  for (size_t group = 0; group < kScoreGroups; ++group) {
    const GroupScore &a = found.groups[group], &b = expected.groups[group];
    ASSERT_EQ(a.top.size(), b.top.size());
    for (size_t i = 0; i < a.top.size(); ++i) {
      EXPECT_EQ(a.top[i].id, b.top[i].id);
      EXPECT_EQ(a.top[i].logit, b.top[i].logit);
    }
    if (b.log_sum_exp == kNone)
      EXPECT_EQ(a.log_sum_exp, kNone);
    else
      EXPECT_NEAR(a.log_sum_exp, b.log_sum_exp, 1e-6f * 16);
  }
}

TEST_P(Scores, AnswersFollowFromTheRowForManyRequests) {
  TokenSet mask(kVocabulary);
  for (int id = 0; id < kVocabulary; id += 7) mask.insert(id);
  const int named[] = {0, 2599, 1024, 1023, 7};
  std::vector<ScoreRequest> requests(kRows);
  for (int i = 0; i < kRows; ++i) {
    ScoreRequest& request = requests[size(i)];
    request.row = (i * 11) % kRows;
    request.ranges[kText] = {0, 2000 + i};
    request.ranges[kTimestamps] = {2100, i % 2 ? 2600 : 2100};
    request.mask = i % 3 ? &mask : nullptr;
    request.top_k = i % 9;
    request.named = named;
    request.raw_log_sum_exp = i % 4 != 0;
    request.full_row = true;
  }
  const auto results = run(requests);
  for (size_t i = 0; i < requests.size(); ++i) expect_answer(requests[i], results[i]);
}

TEST_P(Scores, RangesMayBeginAndEndAnywhere) {
  std::vector<ScoreRequest> requests;
  for (const IdRange range :
       {IdRange{0, 1}, {2599, 2600}, {1023, 1025}, {1024, 2048}, {5, 5}, {9, 3}}) {
    ScoreRequest request;
    request.ranges[kText] = range;
    request.top_k = 3;
    request.full_row = true;
    requests.push_back(request);
  }
  const auto results = run(requests);
  for (size_t i = 0; i < requests.size(); ++i) expect_answer(requests[i], results[i]);
}

TEST_P(Scores, AFullyMaskedGroupHasNoCandidates) {
  TokenSet mask(kVocabulary);
  for (int id = 100; id < 2300; ++id) mask.insert(id);
  ScoreRequest request;
  request.ranges[kText] = {100, 2300};
  request.ranges[kTimestamps] = {2300, 2301};
  request.mask = &mask;
  request.top_k = 5;
  const auto results = run({request});
  EXPECT_TRUE(results[0].groups[kText].top.empty());
  EXPECT_EQ(results[0].groups[kText].log_sum_exp, kNone);
  ASSERT_EQ(results[0].groups[kTimestamps].top.size(), 1u);
  EXPECT_NEAR(results[0].groups[kTimestamps].log_sum_exp,
              results[0].groups[kTimestamps].top[0].logit, 1e-6);
}

TEST_P(Scores, EqualLogitsComeByAscendingId) {
  // All embeddings are the same, and so are all logits.
  class Ones : public WeightSource {
    Result<void> read(const WeightRef&, std::span<float> out) override {
      std::fill(out.begin(), out.end(), 0.5f);
      return {};
    }
  } ones;
  const OpList list = score_list();
  auto program = rig_->device->load({&list, 1}, ones, GetParam().precision, {}, {});
  ASSERT_EQ(failure(program), "");
  auto context = (*program)->create_context(limits_);
  ASSERT_EQ(failure(context), "");
  TokenSet mask(kVocabulary);
  mask.insert(1001);
  ScoreRequest request;
  request.ranges[kText] = {1000, 2000};
  request.mask = &mask;
  request.top_k = 4;
  ScoreResult result;
  Replay replay;
  replay.rows = std::span(rows_).first(1);
  replay.score = {&request, 1};
  replay.results = {&result, 1};
  ASSERT_EQ(failure((*context)->run(0, replay, {}, {})), "");
  std::vector<int> ids;
  for (const Candidate& candidate : result.groups[kText].top) ids.push_back(candidate.id);
  EXPECT_EQ(ids, (std::vector<int>{1000, 1002, 1003, 1004}));
}

INSTANTIATE_TEST_SUITE_P(Devices, Scores, ::testing::ValuesIn(kDevices), device_name());
INSTANTIATE_TEST_SUITE_P(MixedDevices, Scores, ::testing::ValuesIn(kMixedDevices), device_name());

}  // namespace
}  // namespace npu::testing
