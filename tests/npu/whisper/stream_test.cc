// SPDX-License-Identifier: LGPL-2.1-or-later
// The Transcriber as a machine that is fed: prompts, language, streaming, interruption, reset.
#include <gtest/gtest.h>

#include "longform_bench.h"

namespace npu {
namespace {

using testing::at;
using testing::drive;
using testing::english;
using testing::Outcome;
using testing::script_of;
using testing::some_noise;
using testing::transcriber_of;

using Tokens = std::vector<int>;

// Two windows of 30 s that end with one timestamp, and one of 5 s.
std::shared_ptr<testing::Script> three_windows(float logit = 40) {
  return script_of({{{at(0), 300, at(4), at(4), 301, at(8)}, logit},
                    {{at(0), 302, at(3)}, logit},
                    {{at(0), 303, at(2)}, logit}});
}
constexpr double kThreeWindows_s = 65;

// What came between start of previous and start of transcript, per window.
std::vector<Tokens> prompts_of(const TranscribeOptions& options,
                               const std::shared_ptr<testing::Script>& script) {
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(kThreeWindows_s));
  EXPECT_FALSE(outcome.error);
  std::vector<Tokens> prompts;
  for (const Tokens& initial : script->prompts) {
    const auto start = std::find(initial.begin(), initial.end(), testing::kStart);
    if (initial.back() == testing::kStart) continue;  // language detection
    prompts.emplace_back(initial.begin() + (initial[0] == 50361 ? 1 : 0), start);
  }
  return prompts;
}

const Tokens kFirst{at(0), 300, at(4), at(4), 301, at(8)};
const Tokens kSecond{at(0), 302, at(3)};

Tokens joined(std::initializer_list<Tokens> parts) {
  Tokens all;
  for (const Tokens& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Prompt, HoldsTheTokensOfEarlierWindowsWithTheirTimestamps) {
  EXPECT_EQ(prompts_of(english(), three_windows()),
            (std::vector<Tokens>{{}, kFirst, joined({kFirst, kSecond})}));
}

TEST(Prompt, IsEmptyWithoutConditioning) {
  TranscribeOptions options = english();
  options.condition_on_previous_text = false;
  EXPECT_EQ(prompts_of(options, three_windows()), (std::vector<Tokens>{{}, {}, {}}));
}

TEST(Prompt, ForgetsWhatAHighTemperatureSaid) {
  TranscribeOptions options = english();
  options.temperatures = {0.6F};
  EXPECT_EQ(prompts_of(options, three_windows()), (std::vector<Tokens>{{}, {}, {}}));
  options.temperatures = {0.4F};
  EXPECT_EQ(prompts_of(options, three_windows())[1], kFirst);
}

// " w1": four bytes, as none of the numbered words is a part of it.
const Tokens kInitial{' ', 'w', '1'};

TEST(Prompt, BeginsWithTheInitialPromptUntilItIsForgotten) {
  TranscribeOptions options = english();
  options.initial_prompt = "  w1 ";
  EXPECT_EQ(prompts_of(options, three_windows()),
            (std::vector<Tokens>{kInitial, joined({kInitial, kFirst}),
                                 joined({kInitial, kFirst, kSecond})}));
  options.condition_on_previous_text = false;
  EXPECT_EQ(prompts_of(options, three_windows()), (std::vector<Tokens>{kInitial, {}, {}}));
}

TEST(Prompt, CarriesTheInitialPromptThroughEveryReset) {
  TranscribeOptions options = english();
  options.initial_prompt = "w1";
  options.carry_initial_prompt = true;
  EXPECT_EQ(prompts_of(options, three_windows()),
            (std::vector<Tokens>{kInitial, joined({kInitial, kFirst}),
                                 joined({kInitial, kFirst, kSecond})}));
  options.condition_on_previous_text = false;
  EXPECT_EQ(prompts_of(options, three_windows()),
            (std::vector<Tokens>{kInitial, kInitial, kInitial}));
}

TEST(Prompt, KeepsTheEndOfALongInitialPromptAndNoHistory) {
  TranscribeOptions options = english();
  options.initial_prompt = std::string(300, '1') + "2";
  options.carry_initial_prompt = true;
  Tokens kept(222, '1');
  kept.push_back('2');
  EXPECT_EQ(prompts_of(options, three_windows()), (std::vector<Tokens>{kept, kept, kept}));
}

TEST(Prompt, NeverExceeds223Tokens) {
  Tokens talk{at(0)};
  for (int i = 0; i < 150; ++i) talk.push_back(1000 + i * 7);
  auto script = script_of({{talk}});
  TranscribeOptions options = english();
  options.temperatures = {0};
  for (const Tokens& prompt : prompts_of(options, script)) EXPECT_LE(prompt.size(), 223U);
  EXPECT_EQ(script->prompts.back().size(), 1U + 223 + 3);
}

TEST(Language, IsDetectedAmongTheLanguagesOnly) {
  auto script = script_of({{{at(0), 300, at(4)}, 40, 9}}, testing::kGerman);
  const auto transcriber = transcriber_of(script, {});
  EXPECT_EQ(transcriber->language(), "");
  drive(*transcriber, some_noise(10));
  EXPECT_EQ(transcriber->language(), "de");
  const double expected = std::exp(5.0) / (std::exp(5.0) + 98);
  EXPECT_NEAR(transcriber->language_probability(), expected, 1e-5);
  EXPECT_EQ(script->prompts.back()[1], testing::kGerman);
}

TEST(Language, ShortInputIsPaddedWithSilenceForDetectionAndWithZeroForDecoding) {
  auto script = script_of({{{at(0), 300, at(4)}}});
  drive(*transcriber_of(script, {}), some_noise(10));
  ASSERT_EQ(script->windows, 2);
  EXPECT_LT(script->mels[0].back(), 0.0F);
  EXPECT_EQ(script->mels[1].back(), 0.0F);
  EXPECT_EQ(script->mels[0][50000], script->mels[1][50000]);
}

TEST(Language, ALongInputIsEncodedOnceForDetectionAndDecoding) {
  auto script = script_of({{{at(0), 300, at(4)}}});
  drive(*transcriber_of(script, {}), some_noise(30));
  EXPECT_EQ(script->windows, 1);
}

TEST(Language, IsDetectedAtTheStartEvenIfClipsBeginLater) {
  auto script = script_of({{{at(0), 300, at(4)}}});
  TranscribeOptions options;
  options.clips = {{32, 34}};
  const Outcome outcome = drive(*transcriber_of(script, options), some_noise(40));
  EXPECT_EQ(script->windows, 2);
  ASSERT_EQ(outcome.segments.size(), 1U);
  EXPECT_EQ(outcome.segments[0].seek, 3200);
}

TEST(Language, OfAnEnglishModelIsEnglish) {
  auto script = script_of({{{50363, 300, 50463}}});
  script->vocabulary = 51864;
  script->next = [](int, std::span<const int> history, std::span<float> logits) {
    const Tokens said{50363, 300, 50463, 50256};
    logits[static_cast<size_t>(said[std::min<size_t>(3, history.size() - 1)])] = 40;
  };
  const auto transcriber = transcriber_of(script, {});
  const Outcome outcome = drive(*transcriber, some_noise(10));
  EXPECT_EQ(transcriber->language(), "en");
  EXPECT_EQ(outcome.lines(), std::vector<std::string>{"0: 0.00-2.00 w300"});
  EXPECT_EQ(script->prompts[0], Tokens{50257});
}

TEST(Stream, RunningGivesTextAsSoonAsAWindowIsFull) {
  const auto transcriber = transcriber_of(three_windows(), english());
  const Outcome outcome = drive(*transcriber, some_noise(kThreeWindows_s), 160);
  EXPECT_NEAR(outcome.first_output_s, 30.0, 0.03);
  EXPECT_EQ(outcome.segments.size(), 4U);
}

TEST(Stream, WholeGivesNothingBeforeTheEnd) {
  TranscribeOptions options = english();
  options.normalisation = Normalisation::kWhole;
  const auto transcriber = transcriber_of(three_windows(), options);
  const Outcome outcome = drive(*transcriber, some_noise(kThreeWindows_s), 160);
  EXPECT_EQ(outcome.first_output_s, kThreeWindows_s);
  EXPECT_EQ(outcome.segments.size(), 4U);
}

TEST(Stream, ResultDoesNotDependOnHowItIsPushed) {
  for (Normalisation normalisation : {Normalisation::kRunning, Normalisation::kWhole}) {
    TranscribeOptions options = english();
    options.normalisation = normalisation;
    std::vector<std::vector<std::vector<float>>> mels;
    for (size_t at_once : {size_t{113}, size_t{16000}, size_t{5000000}}) {
      const auto script = three_windows();
      drive(*transcriber_of(script, options), some_noise(kThreeWindows_s), at_once);
      mels.push_back(script->mels);
    }
    EXPECT_EQ(mels[0], mels[1]);
    EXPECT_EQ(mels[1], mels[2]);
  }
}

TEST(Stream, ResetGivesTheSameAgain) {
  const auto script = three_windows();
  TranscribeOptions options;
  options.initial_prompt = "w1";
  const auto transcriber = transcriber_of(script, options);
  const auto first = drive(*transcriber, some_noise(kThreeWindows_s)).lines();
  transcriber->reset();
  EXPECT_EQ(transcriber->language(), "");
  EXPECT_EQ(transcriber->pushed_s(), 0);
  script->windows = 0;
  EXPECT_EQ(drive(*transcriber, some_noise(kThreeWindows_s)).lines(), first);
  const size_t half = script->prompts.size() / 2;
  EXPECT_TRUE(std::equal(script->prompts.begin(), script->prompts.begin() + static_cast<long>(half),
                         script->prompts.begin() + static_cast<long>(half)));
}

TEST(Stream, CancelBeforeAStepEndsItAndResetMakesItGood) {
  const auto transcriber = transcriber_of(three_windows(), english());
  CancelSource cancel;
  cancel.cancel();
  const Outcome outcome = drive(*transcriber, some_noise(31), 16000, cancel.token());
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCancelled);
  transcriber->reset();
  EXPECT_EQ(drive(*transcriber, some_noise(31)).lines().size(), 3U);
}

class Tasks : public ::testing::TestWithParam<bool> {
 protected:
  Tasks() {
    options.word_timestamps = true;
    options.also_translate = GetParam();
  }
  TranscribeOptions options;
};

INSTANTIATE_TEST_SUITE_P(Stream, Tasks, ::testing::Bool(), [](const auto& test) {
  return test.param ? "TranscribeAndTranslate" : "Transcribe";
});

TEST_P(Tasks, EveryRunSeesTheCancel) {
  int runs = 0;
  const auto counted = three_windows();
  counted->on_run = [&] { ++runs; };
  ASSERT_FALSE(drive(*transcriber_of(counted, options), some_noise(31)).error);
  ASSERT_GT(runs, 10);
  for (int n = 0; n < runs; ++n) {
    const auto script = three_windows();
    CancelSource cancel;
    int seen = 0;
    script->on_run = [&] {
      if (seen++ == n) cancel.cancel();
    };
    const Outcome outcome =
        drive(*transcriber_of(script, options), some_noise(31), 600000, cancel.token());
    ASSERT_TRUE(outcome.error) << "run " << n;
    EXPECT_EQ(outcome.error->code, ErrorCode::kCancelled);
    EXPECT_EQ(seen, n + 1) << "no run may follow a cancel";
  }
}

TEST_P(Tasks, EveryFailingCallComesOutAndResetMakesItGood) {
  const auto good = three_windows();
  const auto expected = drive(*transcriber_of(good, options), some_noise(31)).lines();
  for (int n = 0; n < good->calls; ++n) {
    const auto script = three_windows();
    script->fail_at = n;
    const auto transcriber = transcriber_of(script, options);
    const Outcome outcome = drive(*transcriber, some_noise(31), 600000);
    ASSERT_TRUE(outcome.error) << "call " << n;
    EXPECT_EQ(outcome.error->code, ErrorCode::kDeviceLost);
    transcriber->reset();
    script->windows = 0;
    EXPECT_EQ(drive(*transcriber, some_noise(31)).lines(), expected) << "call " << n;
  }
}

struct Refusal {
  const char* option;
  void (*set)(TranscribeOptions&);
};

TEST(Options, AreRefusedByName) {
  const Refusal refusals[] = {
      {"best_of", [](auto& o) { o.decoding.best_of = 0; }},
      {"beam_size", [](auto& o) { o.decoding.beam_size = 1000; }},
      {"patience", [](auto& o) { o.decoding.patience = 1.0F; }},
      {"length_penalty", [](auto& o) { o.decoding.length_penalty = 1.5F; }},
      {"max_tokens", [](auto& o) { o.decoding.max_tokens = 225; }},
      {"max_initial_timestamp_s", [](auto& o) { o.decoding.max_initial_timestamp_s = NAN; }},
      {"language", [](auto& o) { o.decoding.language = "tlh"; }},
      {"suppress_tokens", [](auto& o) { o.decoding.suppress_tokens = {51865}; }},
      {"prefix", [](auto& o) { o.decoding.prefix = std::string(500, '1'); }},
      {"temperatures", [](auto& o) { o.temperatures = {}; }},
      {"temperatures", [](auto& o) { o.temperatures = {-1}; }},
      {"no_speech_threshold", [](auto& o) { o.no_speech_threshold = NAN; }},
      {"hallucination_silence_threshold_s",
       [](auto& o) { o.hallucination_silence_threshold_s = 2.0F; }},
      {"max_lag_s", [](auto& o) { o.max_lag_s = 0.5; }},
      {"max_lag_s",
       [](auto& o) {
         o.max_lag_s = 5;
         o.normalisation = Normalisation::kWhole;
       }},
      {"also_translate",
       [](auto& o) {
         o.also_translate = true;
         o.decoding.task = Task::kTranslate;
       }},
      {"clips",
       [](auto& o) {
         o.clips = {{-1, 2}};
       }},
  };
  const auto model = testing::scripted_model(three_windows());
  for (const Refusal& refusal : refusals) {
    TranscribeOptions options;
    refusal.set(options);
    const auto result = Transcriber::create(model, options);
    ASSERT_FALSE(result) << refusal.option;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(result.error().message.find(refusal.option), 0U) << result.error().message;
  }
}

}  // namespace
}  // namespace npu
