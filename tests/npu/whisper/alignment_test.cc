// SPDX-License-Identifier: LGPL-2.1-or-later
// What the alignment pass asks of a device, and what it makes of the answer.
#include "whisper/alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "whisper/network.h"

namespace npu {
namespace {

constexpr int kHeads = 2;
constexpr int kPositions = 64;

// Every byte, then filler up to the size of an English or multilingual vocabulary.
std::unique_ptr<Tokenizer> make_tokenizer(int vocabulary) {
  TokenBytes tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  const size_t size = vocabulary == 51864 ? 50256 : 50257;
  while (tokens.size() < size) tokens.push_back("filler" + std::to_string(tokens.size()));
  auto tokenizer = Tokenizer::create(std::move(tokens), vocabulary);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(*tokenizer);
}

// Answers with numbers that depend on token and position only, as a network would.
class FakeContext : public Context {
 public:
  Result<void> write(std::string_view, std::span<const float>) override { return {}; }
  Result<void> read(std::string_view, std::span<float>) override { return {}; }
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override {
    NPU_TRY(check_interrupt(cancel, deadline, "fake"));
    lists.push_back(list);
    most_rows = std::max(most_rows, replay.rows.size());
    size_t i = 0;
    for (int head = 0; head < kHeads; ++head)
      for (const Row& row : replay.rows)
        for (int position = 0; position < kPositions; ++position)
          replay.alignment[i++] = 4 * std::cos(0.3F * static_cast<float>(position) -
                                               static_cast<float>(row.position * (head + 2)));
    EXPECT_EQ(i, replay.alignment.size());
    for (const Row& row : replay.rows) rows.push_back(row);
    for (size_t s = 0; s < replay.score.size(); ++s) {
      const ScoreRequest& request = replay.score[s];
      ranges_end.push_back(request.ranges[kText].end);
      predicted_from.push_back(replay.rows[static_cast<size_t>(request.row)].position);
      replay.results[s].named = {-static_cast<float>(request.named[0])};
      replay.results[s].groups[kText].log_sum_exp = 1;
    }
    return {};
  }

  std::vector<size_t> lists;
  std::vector<Row> rows;
  std::vector<int> ranges_end, predicted_from;
  size_t most_rows = 0;
};

const std::vector<int> kText7 = {1, 2, 3, 4, 5, 6, 7};

AlignmentRequest request_for(const std::vector<int>& tokens) {
  AlignmentRequest request;
  request.text_tokens = tokens;
  request.language = "de";
  request.task = Task::kTranslate;
  request.frames = 100;
  request.self_slot = 3;
  request.cross_slot = 1;
  return request;
}

TEST(Aligner, TeacherForcesStartSequenceTextAndEnd) {
  const auto tokenizer = make_tokenizer(51865);
  const SpecialTokens& special = tokenizer->special();
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  const auto times = aligner.align(context, request_for(kText7), {}, {});
  ASSERT_TRUE(times);
  std::vector<int> tokens;
  for (size_t i = 0; i < context.rows.size(); ++i) {
    tokens.push_back(context.rows[i].token);
    EXPECT_EQ(context.rows[i].position, static_cast<int>(i));
    EXPECT_EQ(context.rows[i].self_slot, 3);
    EXPECT_EQ(context.rows[i].cross_slot, 1);
  }
  std::vector<int> expected = {special.start_of_transcript, tokenizer->language_token("de"),
                               special.translate, special.no_timestamps};
  expected.insert(expected.end(), kText7.begin(), kText7.end());
  expected.push_back(special.end_of_text);
  EXPECT_EQ(tokens, expected);
  EXPECT_EQ(context.lists, std::vector<size_t>{kAlign});
  EXPECT_EQ(context.predicted_from, (std::vector<int>{3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(context.ranges_end, std::vector<int>(7, special.end_of_text));
}

TEST(Aligner, EnglishModelsHaveAShorterStart) {
  const auto tokenizer = make_tokenizer(51864);
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  ASSERT_TRUE(aligner.align(context, request_for(kText7), {}, {}));
  EXPECT_EQ(context.rows.size(), 2 + 7 + 1u);
  EXPECT_EQ(context.predicted_from.front(), 1);
}

TEST(Aligner, GivesProbabilitiesOfTokensAndAscendingTimes) {
  const auto tokenizer = make_tokenizer(51865);
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  const auto times = aligner.align(context, request_for(kText7), {}, {});
  ASSERT_TRUE(times);
  ASSERT_EQ(times->probabilities.size(), 7u);
  for (size_t i = 0; i < 7; ++i)
    EXPECT_FLOAT_EQ(times->probabilities[i], std::exp(-static_cast<float>(i + 1) - 1));
  ASSERT_EQ(times->starts_s.size(), 8u);
  EXPECT_TRUE(std::ranges::is_sorted(times->starts_s));
  EXPECT_LT(times->starts_s.back(), 1.0);  // 100 frames are one second
}

TEST(Aligner, LongTextsGoInSeveralRunsWithTheSameResult) {
  const auto tokenizer = make_tokenizer(51865);
  FakeContext whole, parts;
  Aligner one(*tokenizer, kHeads, 448, kPositions), several(*tokenizer, kHeads, 5, kPositions);
  const auto expected = one.align(whole, request_for(kText7), {}, {});
  const auto found = several.align(parts, request_for(kText7), {}, {});
  ASSERT_TRUE(expected && found);
  EXPECT_EQ(parts.lists.size(), 3u);
  EXPECT_EQ(parts.most_rows, 5u);
  EXPECT_EQ(found->starts_s, expected->starts_s);
  EXPECT_EQ(found->probabilities, expected->probabilities);
}

TEST(Aligner, NoTextRunsNothing) {
  const auto tokenizer = make_tokenizer(51865);
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  const auto times = aligner.align(context, request_for({}), {}, {});
  ASSERT_TRUE(times);
  EXPECT_TRUE(times->starts_s.empty());
  EXPECT_TRUE(context.lists.empty());
}

TEST(Aligner, AWindowOfOnePositionPutsEverythingBeforeItsStart) {
  const auto tokenizer = make_tokenizer(51865);
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  AlignmentRequest request = request_for(kText7);
  request.frames = 3;
  const auto times = aligner.align(context, request, {}, {});
  ASSERT_TRUE(times);
  EXPECT_EQ(times->starts_s, std::vector<double>(8, -0.02));
}

TEST(Aligner, RefusesMoreTokensThanTheContextHolds) {
  const auto tokenizer = make_tokenizer(51865);
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  const std::vector<int> tokens(444, 5);
  const auto times = aligner.align(context, request_for(tokens), {}, {});
  ASSERT_FALSE(times);
  EXPECT_EQ(times.error().code, ErrorCode::kInvalidArgument);
}

TEST(Aligner, PassesACancelOn) {
  const auto tokenizer = make_tokenizer(51865);
  FakeContext context;
  Aligner aligner(*tokenizer, kHeads, 448, kPositions);
  CancelSource cancel;
  cancel.cancel();
  const auto times = aligner.align(context, request_for(kText7), cancel.token(), {});
  ASSERT_FALSE(times);
  EXPECT_EQ(times.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace npu
