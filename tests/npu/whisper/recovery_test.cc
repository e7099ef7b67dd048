// SPDX-License-Identifier: LGPL-2.1-or-later
// A device that is lost at any call of a transcription: what is found is what is found without.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "batch_bench.h"
#include "corpus.h"
#include "recovery_bench.h"

namespace npu {
namespace {

using testing::drive;
using testing::FaultDevice;
using testing::Losses;
using testing::lost_at;
using testing::Outcome;

struct RecoveryCase {
  const char* name;
  TranscribeOptions options;
};

TranscribeOptions short_texts() {
  TranscribeOptions options = testing::english();
  options.decoding.max_tokens = 4;
  options.encoder_positions = EncoderPositions::kFitting;
  options.temperatures = {0};
  options.no_speech_threshold.reset();
  options.logprob_threshold.reset();
  return options;
}

RecoveryCase words() {
  RecoveryCase which{"GreedyWithWords", short_texts()};
  which.options.word_timestamps = true;
  which.options.decoding.without_timestamps = true;
  which.options.clips = {{0, 5}, {10, 15}};
  return which;
}

RecoveryCase beams() {
  RecoveryCase which{"Beams", short_texts()};
  which.options.decoding.beam_size = 3;
  which.options.decoding.language.clear();
  which.options.clips = {{2, 5}};
  return which;
}

RecoveryCase samples() {
  RecoveryCase which{"SamplesAndATranslation", short_texts()};
  which.options.temperatures = {0.8F};
  which.options.decoding.best_of = 2;
  which.options.also_translate = true;
  return which;
}

RecoveryCase batch() {
  RecoveryCase which{"Batch", short_texts()};
  which.options.mode = Mode::kBatch;
  which.options.batch_size = 2;
  which.options.vad = testing::loudness_model();
  return which;
}

class Recovery : public ::testing::TestWithParam<RecoveryCase (*)()> {
 protected:
  Outcome run(Losses& losses, const CancelToken& cancel = {}) {
    Outcome outcome;
    const auto model = losses.model(cancel);
    if (!model) {
      outcome.error = model.error();
      return outcome;
    }
    model_ = *model;
    auto transcriber = Transcriber::create(model_, options_);
    if (!transcriber) {
      outcome.error = transcriber.error();
      return outcome;
    }
    return drive(**transcriber, sound_, 200000, cancel);
  }
  // What is found without a loss, and how many calls that takes.
  void SetUp() override {
    Losses none({});
    expected_ = run(none);
    ASSERT_FALSE(expected_.error);
    ASSERT_FALSE(expected_.segments.empty());
    calls_ = none.states[0]->calls();
    EXPECT_EQ(none.tries, 0);
    EXPECT_EQ(model_->device().loss(), std::nullopt);
  }
  // Each call, or in the quick suite about as many as the environment says.
  int step() const {
    const std::string most = testing::environment("NPUWHISPER_TEST_FAULTS");
    return most.empty() ? 1 : std::max(1, calls_ / std::stoi(most));
  }
  void expect_same(const Outcome& found, int n) const {
    EXPECT_FALSE(found.error) << "call " << n << ": " << found.error->message;
    EXPECT_EQ(found.lines(), expected_.lines()) << "call " << n;
    EXPECT_EQ(found.translation_lines(), expected_.translation_lines()) << "call " << n;
    for (size_t i = 0; i < found.segments.size() && i < expected_.segments.size(); ++i) {
      const Segment &a = found.segments[i], &b = expected_.segments[i];
      EXPECT_EQ(a.tokens, b.tokens) << "call " << n;
      EXPECT_EQ(a.avg_logprob, b.avg_logprob) << "call " << n;
      ASSERT_EQ(a.words.size(), b.words.size()) << "call " << n;
      for (size_t word = 0; word < a.words.size(); ++word)
        EXPECT_EQ(a.words[word].end_s, b.words[word].end_s) << "call " << n;
    }
  }

  const TranscribeOptions options_ = GetParam()().options;
  const std::vector<float> sound_ = testing::bursts(3);
  std::shared_ptr<const Model> model_;
  Outcome expected_;
  int calls_ = 0;
};

TEST_P(Recovery, ALossAtAnyCallIsMadeGoodByOneRetry) {
  for (int n = 1; n <= calls_; n += step()) {
    Losses losses({lost_at(n)});
    expect_same(run(losses), n);
    EXPECT_EQ(losses.tries, 1) << "call " << n;
    EXPECT_EQ(losses.memory.reason(), std::nullopt) << "call " << n;
    EXPECT_EQ(model_->device().loss(), std::nullopt) << "call " << n;
    EXPECT_EQ(model_->device().name(), "npu");
  }
}

TEST_P(Recovery, AfterALossOfTheRetryWhatTakesItsPlaceGoesOn) {
  for (int n = 1; n <= calls_; n += step()) {
    Losses losses({lost_at(n), lost_at(1 + n % 4)});
    expect_same(run(losses), n);
    EXPECT_EQ(losses.tries, 1) << "call " << n;
    const std::string why = model_->device().loss().value_or("");
    EXPECT_EQ(why, "fault device: lost; and again in a fresh context: fault device: lost");
    EXPECT_EQ(losses.memory.reason(), why);
    EXPECT_EQ(model_->device().name(), "cpu");
  }
}

TEST_P(Recovery, WithNothingToTakeItsPlaceItIsAnErrorThatComesAtOnceEverAfter) {
  for (int n = 1; n <= calls_; n += 3 * step()) {
    Losses losses({lost_at(n), lost_at(2)}, false);
    const Outcome found = run(losses);
    ASSERT_TRUE(found.error) << "call " << n;
    EXPECT_EQ(found.error->code, ErrorCode::kDeviceLost);
    EXPECT_NE(found.error->message.find("the NPU was given up: fault device: lost; and again"),
              std::string::npos)
        << found.error->message;
    EXPECT_NE(found.error->message.find("Choose device cpu (or auto)"), std::string::npos);
    const auto lines = found.lines(), all = expected_.lines();
    ASSERT_LE(lines.size(), all.size());
    EXPECT_TRUE(std::equal(lines.begin(), lines.end(), all.begin())) << "call " << n;
    ASSERT_FALSE(losses.memory.check());
    if (n == 1) continue;
    auto later = Transcriber::create(model_, options_).value();
    EXPECT_EQ(drive(*later, sound_).error->message, found.error->message);
    EXPECT_EQ(losses.tries, 1);
  }
}

TEST_P(Recovery, ACancelEndsEveryPartOfItAndTheNextRunMakesItGood) {
  const int n = calls_ / 2;
  for (int blocked = 1; blocked <= 6; ++blocked) {
    Losses losses({lost_at(n), FaultDevice::block_on_call(blocked)});
    const auto model = losses.model();
    ASSERT_TRUE(model);
    auto transcriber = Transcriber::create(*model, options_).value();
    CancelSource cancel;
    std::promise<std::shared_ptr<testing::FaultState>> opened;
    losses.on_open = [&](const auto& state) { opened.set_value(state); };
    auto outcome = std::async(std::launch::async,
                              [&] { return drive(*transcriber, sound_, 200000, cancel.token()); });
    const auto second = opened.get_future().get();
    second->wait_until_blocked();
    cancel.cancel();
    // Of these calls create_context() and write() take no CancelToken. Of a batch the sixth writes
    // what the second slot hears.
    const bool is_batch = options_.mode == Mode::kBatch;
    if (blocked == 2 || blocked == 3 || (is_batch && blocked == 6)) second->release();
    const Outcome found = outcome.get();
    ASSERT_TRUE(found.error) << blocked;
    EXPECT_EQ(found.error->code, ErrorCode::kCancelled) << found.error->message;
    second->arm({});
    transcriber->reset();
    expect_same(drive(*transcriber, sound_, 200000), blocked);
    EXPECT_EQ(losses.memory.reason(), std::nullopt);
  }
}

TEST_P(Recovery, StreamsThatShareAModelAllGoOn) {
  for (int n = 3; n <= 2 * calls_; n += calls_ / 5 + 1) {
    Losses losses({lost_at(n), lost_at(n % 7 + 4)});
    const auto model = losses.model();
    ASSERT_TRUE(model);
    std::vector<std::future<Outcome>> streams;
    for (int i = 0; i < 2; ++i)
      streams.push_back(std::async(std::launch::async, [&] {
        return drive(*Transcriber::create(*model, options_).value(), sound_, 200000);
      }));
    for (auto& stream : streams) expect_same(stream.get(), n);
  }
}

INSTANTIATE_TEST_SUITE_P(Transcription, Recovery, ::testing::Values(words, beams, samples, batch),
                         [](const auto& which) { return which.param().name; });

TEST(RecoveryOfADevice, ThatCannotBeOpenedAgainIsGivenUp) {
  Losses losses({lost_at(2)});
  losses.refused = true;
  const auto model = losses.model();
  ASSERT_TRUE(model);
  const Outcome found =
      drive(*Transcriber::create(*model, short_texts()).value(), testing::bursts(1), 200000);
  EXPECT_FALSE(found.error);
  EXPECT_EQ((*model)->device().name(), "cpu");
  EXPECT_EQ((*model)->device().loss(),
            "fault device: lost; it could not be opened again: there is none");
  const auto later = losses.memory.check();
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::kNoDevice);
  EXPECT_EQ(
      later.error().message,
      "device npu: the NPU was given up: fault device: lost; it could not be opened again: "
      "there is none; it is not tried again in this process. Start the program again; if that "
      "does not help, restart the machine");
}

// One retry for each loss that lies behind a window that was done: a machine may sleep every day.
TEST(RecoveryOfADevice, ALaterLossGetsARetryOfItsOwn) {
  TranscribeOptions options = short_texts();
  options.decoding.without_timestamps = true;
  const std::vector<float> sound = testing::some_noise(100);
  Losses none({});
  const auto expected =
      drive(*Transcriber::create(*none.model(), options).value(), sound, 200000).lines();
  const int calls = none.states[0]->calls();  // of four windows
  Losses losses({lost_at(calls / 4), lost_at(calls / 2)});
  const auto model = losses.model();
  EXPECT_EQ(drive(*Transcriber::create(*model, options).value(), sound, 200000).lines(), expected);
  EXPECT_EQ(losses.tries, 2);
  EXPECT_EQ((*model)->device().loss(), std::nullopt);
}

TEST(RecoveryOfADevice, AWindowThatIsEncodedAnewNeedsNothingOfTheOneBefore) {
  TranscribeOptions options = short_texts();
  options.decoding.without_timestamps = true;
  Losses none({});
  drive(*Transcriber::create(*none.model(), options).value(), testing::some_noise(55), 200000);
  const int of_a_window = (none.states[0]->calls() - 2) / 2;
  // load, create_context, a window, write; then the encoder.
  Losses losses({lost_at(2 + of_a_window + 2)});
  drive(*Transcriber::create(*losses.model(), options).value(), testing::some_noise(55), 200000);
  ASSERT_EQ(losses.states.size(), 2u);
  EXPECT_EQ(losses.states[1]->calls(), 2 + of_a_window);
}

TEST(RecoveryOfADevice, WhatTheDeviceCannotRunGoesToWhatTakesItsPlaceWithoutALoss) {
  Losses losses({FaultDevice::fail_on_call(1, ErrorCode::kNotFound)});
  const auto model = losses.model();
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->device().name(), "cpu");
  EXPECT_EQ((*model)->device().loss(), std::nullopt);
  EXPECT_EQ(losses.memory.reason(), std::nullopt);
  Losses strict({FaultDevice::fail_on_call(1, ErrorCode::kNotFound)}, false);
  const auto refused = strict.model();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
}

TEST(RecoveryOfADevice, TheFirstReasonIsRemembered) {
  LostDevice lost;
  EXPECT_TRUE(lost.check());
  lost.remember("a command hung twice");
  lost.remember("a later reason");
  EXPECT_EQ(lost.reason(), "a command hung twice");
  EXPECT_EQ(&LostDevice::of_process(), &LostDevice::of_process());
}

}  // namespace
}  // namespace npu
