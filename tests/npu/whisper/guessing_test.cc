// SPDX-License-Identifier: LGPL-2.1-or-later
// Searches that check guesses find, in every bit, what plain loops over one history find.
#include <gtest/gtest.h>

#include "search_bench.h"
#include "whisper/greedy.h"

namespace npu {
namespace {

using testing::Bench;
using testing::kEnd;
using testing::kTime;
using testing::random_logits;
using testing::tokenizer;

using Tokens = std::vector<int>;
using Next = std::function<void(std::span<const int> history, std::span<float> logits)>;

const Tokens kInitial = {50258, 50259, 50359};

// A network, and the texts that searches are given to guess from.
struct GuessingCase {
  const char* name;
  Next next;
  Tokens prompt = {};
  Tokens said = {};
};

// Logits of what the last `count` tokens leave: text that comes back to where it was.
Next recalling(uint64_t seed, size_t count) {
  return [=](std::span<const int> history, std::span<float> logits) {
    Tokens recent(history.end() - static_cast<std::ptrdiff_t>(std::min(count, history.size())),
                  history.end());
    for (int& id : recent)
      if (id >= kTime) id = kTime;
    random_logits(seed, recent, logits);
    for (size_t i = 300; i < 800; ++i) logits[i] *= 1.5F;
    logits[kEnd] = history.size() > 60 ? 20.0F : 0.0F;
  };
}

Next turning(size_t period) {
  return [=](std::span<const int> history, std::span<float> logits) {
    logits[300 + history.size() % period] = 25;
    logits[kTime] = 20;
  };
}

const GuessingCase kCases[] = {
    {"AllNew", [](auto history, auto logits) { random_logits(1, history, logits); }},
    {"ALoopOfThree", turning(3)},
    {"ALoopOfOne", turning(1)},
    {"ALongLoop", turning(25)},
    {"RecallsTwo", recalling(3, 2)},
    {"RecallsThree", recalling(4, 3)},
    {"RecallsTwoAfterAPrompt", recalling(5, 2), {50361, 300, 301, 302, 300, 301, 302}},
    {"RecallsTwoAfterWhatWasSaid", recalling(6, 2), {}, {kTime, 300, 301, kTime + 50}},
    {"ALoopUnderAFullPrompt", turning(4), Tokens(224, 300)},
};

// What `sample` is without guesses, without a device, by itself.
Sequence plainly(const GuessingCase& test, const Rules& rules, const SearchStart& start,
                 const SamplingOptions* sampling, uint64_t sample) {
  Sequence found{start.said, 0};
  Random random(
      sampling ? mixed_seed(sampling->seed, sampling->window, sampling->temperature, sample) : 0);
  Urn urn;
  while (found.tokens.size() < static_cast<size_t>(start.limit)) {
    Tokens history = start.initial;
    history.insert(history.end(), found.tokens.begin(), found.tokens.end());
    std::vector<float> logits(testing::kVocabulary);
    test.next(history, logits);
    ScoreRequest request;
    request.full_row = true;
    rules.apply(found.tokens, request);
    ScoreResult result;
    testing::answer(request, logits, result);
    const Choices left = choices(result);
    int id = best_candidate(result, left).id;
    if (sampling) {
      urn.fill(request, result, left, sampling->temperature);
      id = urn.draw(random.uniform());
    }
    found.sum_logprob += logits[static_cast<size_t>(id)] - left.log_sum_exp;
    if (id == kEnd) break;
    found.tokens.push_back(id);
  }
  return found;
}

class Guessing : public ::testing::TestWithParam<GuessingCase> {
 protected:
  SearchStart start() const {
    SearchStart start;
    start.initial = GetParam().prompt;
    start.initial.insert(start.initial.end(), kInitial.begin(), kInitial.end());
    start.said = GetParam().said;
    DecodingOptions options;
    options.max_tokens = 60;
    start.limit = sampling_limit(options, start.initial.size(), start.said.size());
    return start;
  }
  std::vector<Sequence> plain(const SamplingOptions* sampling) const {
    std::vector<Sequence> found;
    for (int i = 0; i < (sampling ? sampling->samples : 1); ++i)
      found.push_back(plainly(GetParam(), rules_, start(), sampling, static_cast<uint64_t>(i)));
    return found;
  }
  // What a search finds that expects `expected`, in a context with room for `max_rows`.
  std::vector<Sequence> search(const SamplingOptions* sampling, const Tokens& expected,
                               int max_rows = kTextPositions) {
    auto script = std::make_shared<testing::Script>();
    script->next = [&](int, std::span<const int> history, std::span<float> logits) {
      GetParam().next(history, logits);
    };
    ContextLimits limits;
    limits.max_rows = max_rows;
    limits.self_slots = 5;
    stats_ = {};
    Inference inference(std::make_unique<testing::ScriptedContext>(script, limits), limits, stats_);
    SearchDriver driver(inference);
    SearchStart from = start();
    from.expected = expected;
    std::unique_ptr<Search> made;
    if (sampling)
      made = std::make_unique<SamplingSearch>(rules_, std::move(from), *sampling);
    else
      made = std::make_unique<GreedySearch>(rules_, std::move(from));
    driver.add(*made);
    while (!driver.idle())
      if (const auto done = driver.step({}); !done) {
        ADD_FAILURE() << done.error().message;
        return {};
      }
    stats_.guesses = made->checked_guesses();
    stats_.right_guesses = made->right_guesses();
    stats_.decoded_tokens = made->chosen_tokens();
    return made->take_sequences();
  }
  static void expect_same(const std::vector<Sequence>& found, const std::vector<Sequence>& plain) {
    ASSERT_EQ(found.size(), plain.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].tokens, plain[i].tokens) << "sample " << i;
      EXPECT_EQ(found[i].sum_logprob, plain[i].sum_logprob) << "sample " << i;
    }
  }
  static Tokens mistaken(Tokens tokens) {
    for (size_t i = 0; i < tokens.size(); i += 4) ++tokens[i];
    return tokens;
  }

  Rules rules_{tokenizer(), {}};
  TranscriberStats stats_;
};

TEST_P(Guessing, GreedyFindsTheSame) {
  const auto expected = plain(nullptr);
  EXPECT_GT(expected[0].tokens.size(), 3U);
  expect_same(search(nullptr, {}), expected);
  expect_same(search(nullptr, expected[0].tokens), expected);
  EXPECT_GT(stats_.right_guesses, 0);
  expect_same(search(nullptr, mistaken(expected[0].tokens)), expected);
}

TEST_P(Guessing, SamplesAreTheSame) {
  for (const float temperature : {0.2F, 1.0F})
    for (const int samples : {2, 4}) {
      const SamplingOptions sampling{samples, temperature, 1, 2};
      const auto expected = plain(&sampling);
      expect_same(search(&sampling, {}), expected);
      expect_same(search(&sampling, mistaken(expected.back().tokens)), expected);
    }
}

TEST_P(Guessing, WithLittleRoomItIsTheSame) {
  const int initial = static_cast<int>(start().initial.size() + start().said.size());
  const SamplingOptions sampling{2, 0.2F, 1, 2};
  const auto greedy = plain(nullptr), samples = plain(&sampling);
  for (const int more : {0, 1}) {
    expect_same(search(nullptr, greedy[0].tokens, initial + more), greedy);
    expect_same(search(&sampling, greedy[0].tokens, initial + more), samples);
  }
}

INSTANTIATE_TEST_SUITE_P(Search, Guessing, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(Guesses, OfALoopSaveSteps) {
  Bench bench({});
  bench.script->next = [](int, auto history, auto logits) { turning(3)(history, logits); };
  const auto found = bench.decode();
  ASSERT_EQ(found->tokens.size(), 224U);
  EXPECT_LE(bench.stats.decode_steps, 45);
}

// With the window, and where another ends.
TEST(Guesses, OfWhereSegmentsBeginSaveSteps) {
  Bench bench({});
  bench.script->next = [](int, std::span<const int> history, std::span<float> logits) {
    const size_t sampled = history.size() - kInitial.size();
    const size_t segment = sampled / 4, token = sampled % 4;
    if (sampled == 40)
      logits[kEnd] = 20;
    else if (token == 0 || token == 3)
      logits[kTime + 50 * (segment + token / 3)] = 20;
    else
      logits[300 + sampled] = 20;
  };
  const auto found = bench.decode();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->tokens.size(), 40U);
  EXPECT_EQ(bench.stats.decode_steps, 10 * 3 + 1);
}

TEST(Guesses, OfTextThatDoesNotRepeatItselfCostNothing) {
  for (const bool timestamps : {false, true})
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      DecodingOptions options;
      options.without_timestamps = !timestamps;
      Bench bench(options);
      bench.script->next = [&](int, auto history, auto logits) {
        random_logits(seed, history, logits);
      };
      const WindowRequest request{"en", {}, {}, 0, 0};
      const auto search = bench.decoder->begin(request);
      SearchDriver driver(*bench.inference);
      driver.add(*search);
      while (!driver.idle()) ASSERT_TRUE(driver.step({}));
      // With timestamps, where segments begin.
      if (!timestamps) {
        EXPECT_EQ(search->checked_guesses(), 0);
      }
      EXPECT_EQ(bench.stats.decode_steps + search->right_guesses(), search->chosen_tokens());
    }
}

TEST(Guesses, SamplesThatAgreeAreOneRow) {
  DecodingOptions options;
  options.best_of = 5;
  Bench bench(options, 0.2F);
  int answers = 0;
  bench.script->next = [&](int, std::span<const int> history, std::span<float> logits) {
    ++answers;
    // Certain, but for the tenth token, which is one of two.
    logits[300 + history.size()] = 40;
    if (history.size() == 13) logits[900] = 40;
    if (history.size() == 40) logits[kEnd] = 90;
    logits[kTime] = history.size() < 4 ? 90 : 0;
  };
  const auto found = bench.decode(0.2F);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->tokens.size(), 37U);
  EXPECT_LE(answers, 2 + 2 * 37);
}

}  // namespace
}  // namespace npu
