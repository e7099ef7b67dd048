// SPDX-License-Identifier: LGPL-2.1-or-later
// The decoding rules against the reference's filters, written down once more in the plainest way,
// on random logits.
#include "whisper/rules.h"

#include <gtest/gtest.h>

#include <random>

#include "scripted_device.h"

namespace npu {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

const Tokenizer& tokenizer_of(int vocabulary) {
  static const auto english = Tokenizer::create(testing::numbered_words(51864), 51864);
  static const auto multilingual = Tokenizer::create(testing::numbered_words(51865), 51865);
  static const auto v3 = Tokenizer::create(testing::numbered_words(51866), 51866);
  return **(vocabulary == 51864 ? english : vocabulary == 51865 ? multilingual : v3);
}

void mask(std::vector<float>& logits, int begin, int end) {
  for (int id = begin; id < end; ++id) logits[static_cast<size_t>(id)] = kMasked;
}

float log_sum_exp(std::span<const float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  if (largest == kMasked) return kMasked;
  double sum = 0;
  for (float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return static_cast<float>(largest + std::log(sum));
}

// Filters 1 to 3 of the reference, in its order, on the row itself.
std::vector<float> filtered(const Tokenizer& tokenizer, const DecodingOptions& options,
                            const std::vector<int>& sampled, std::vector<float> logits) {
  const SpecialTokens& special = tokenizer.special();
  const int begin = special.timestamp_begin;
  const int size = tokenizer.vocabulary();
  if (options.suppress_blank && sampled.empty()) {
    for (int id : tokenizer.encode(" ")) mask(logits, id, id + 1);
    mask(logits, special.end_of_text, special.end_of_text + 1);
  }
  if (!options.suppress_tokens.empty()) {
    for (int id : options.suppress_tokens) {
      if (id >= 0) mask(logits, id, id + 1);
      if (id < 0)
        for (int speechless : tokenizer.non_speech_tokens())
          mask(logits, speechless, speechless + 1);
    }
    for (int id : {special.transcribe, special.translate, special.start_of_transcript,
                   special.start_of_prev, special.start_of_lm, special.no_speech})
      mask(logits, id, id + 1);
  }
  if (options.without_timestamps) return logits;

  mask(logits, special.no_timestamps, special.no_timestamps + 1);
  const size_t n = sampled.size();
  const bool last = n >= 1 && sampled[n - 1] >= begin;
  const bool penultimate = n < 2 || sampled[n - 2] >= begin;
  if (last && penultimate) mask(logits, begin, size);
  if (last && !penultimate) mask(logits, 0, special.end_of_text);
  int newest = -1;
  for (int id : sampled)
    if (id >= begin) newest = id;
  if (newest >= 0) mask(logits, begin, last && !penultimate ? newest : newest + 1);
  if (n == 0) {
    mask(logits, 0, begin);
    if (options.max_initial_timestamp_s > 0)
      mask(logits,
           begin + static_cast<int>(std::lround(options.max_initial_timestamp_s / 0.02)) + 1, size);
  }
  const std::span<const float> all(logits);
  const float timestamps = log_sum_exp(all.subspan(static_cast<size_t>(begin)));
  const float text = *std::max_element(logits.begin(), logits.begin() + begin);
  if (timestamps > text) mask(logits, 0, begin);
  return logits;
}

struct Case {
  const char* name;
  int vocabulary = 51865;
  DecodingOptions options = {};
};

DecodingOptions with(auto change) {
  DecodingOptions options;
  change(options);
  return options;
}

const Case kCases[] = {
    {"Multilingual"},
    {"English", 51864},
    {"V3", 51866},
    {"WithoutTimestamps", 51865, with([](auto& o) { o.without_timestamps = true; })},
    {"BlankAllowed", 51865, with([](auto& o) { o.suppress_blank = false; })},
    {"NothingSuppressed", 51865, with([](auto& o) { o.suppress_tokens = {}; })},
    {"OwnSuppressedTokens", 51865, with([](auto& o) {
       o.suppress_tokens = {300, 301};
     })},
    {"LateFirstTimestamp", 51865, with([](auto& o) { o.max_initial_timestamp_s = 7.3F; })},
    {"AnyFirstTimestamp", 51865, with([](auto& o) { o.max_initial_timestamp_s = 0; })},
};

class RulesOn : public ::testing::TestWithParam<Case> {};

// Text, timestamps that rise, and now and then an end of text or a language token.
std::vector<int> random_sequence(const SpecialTokens& special, std::mt19937& random) {
  std::vector<int> sampled;
  int step = 0;
  for (size_t length = random() % 6; sampled.size() < length;) {
    if (random() % 2 == 0) {
      sampled.push_back(static_cast<int>(random() % 50000));
    } else {
      step = std::min(1500, step + static_cast<int>(random() % 700));
      sampled.push_back(special.timestamp_begin + step);
      if (random() % 2 == 0) sampled.push_back(sampled.back());
    }
  }
  return sampled;
}

TEST_P(RulesOn, LeaveWhatTheReferencesFiltersLeave) {
  const Tokenizer& tokenizer = tokenizer_of(GetParam().vocabulary);
  const Rules rules(tokenizer, GetParam().options);
  const int begin = tokenizer.special().timestamp_begin;
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 3);
  int decided_by_timestamps = 0;
  for (int round = 0; round < 40; ++round) {
    const std::vector<int> sampled = random_sequence(tokenizer.special(), random);
    std::vector<float> logits(static_cast<size_t>(tokenizer.vocabulary()));
    for (float& logit : logits) logit = normal(random);
    // Near the threshold of R4 on either side.
    const float shift = static_cast<float>(random() % 9) - 6;
    for (size_t id = static_cast<size_t>(begin); id < logits.size(); ++id) logits[id] += shift;
    const std::vector<float> expected = filtered(tokenizer, GetParam().options, sampled, logits);

    ScoreRequest request;
    request.top_k = 6;
    rules.apply(sampled, request);
    ScoreResult result;
    testing::answer(request, logits, result);
    const Choices left = choices(result);
    std::vector<Candidate> found;
    best_candidates(result, left, 6, found);

    SCOPED_TRACE(text("round ", round));
    EXPECT_NEAR(left.log_sum_exp, log_sum_exp(expected), 1e-5);
    std::vector<int> order(logits.size());
    for (size_t id = 0; id < order.size(); ++id) order[id] = static_cast<int>(id);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return expected[static_cast<size_t>(a)] > expected[static_cast<size_t>(b)];
    });
    size_t finite = 0;
    while (finite < 6 && expected[static_cast<size_t>(order[finite])] != kMasked) ++finite;
    ASSERT_EQ(found.size(), finite);
    for (size_t i = 0; i < finite; ++i) EXPECT_EQ(found[i].id, order[i]);
    EXPECT_EQ(best_candidate(result, left).id, finite ? order[0] : -1);
    decided_by_timestamps += left.only_timestamps;
  }
  if (!GetParam().options.without_timestamps) {
    EXPECT_GT(decided_by_timestamps, 5);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, RulesOn, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(Rules, TimestampsBeatTextOnlyTogether) {
  ScoreResult result;
  result.groups[kText] = {{{5, 2.0F}}, 2.5F};
  result.groups[kTimestamps] = {{{50364, 1.0F}}, 2.0F};
  EXPECT_FALSE(choices(result).only_timestamps) << "equal is not above";
  result.groups[kTimestamps].log_sum_exp = 2.001F;
  EXPECT_TRUE(choices(result).only_timestamps);
  EXPECT_EQ(best_candidate(result, choices(result)).id, 50364);
}

}  // namespace
}  // namespace npu
