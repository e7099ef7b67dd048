// SPDX-License-Identifier: LGPL-2.1-or-later
// Several streams in one batch, each in a thread of its own: whatever the timing and whoever
// leaves, nobody's text changes and nobody hangs.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "sound_script.h"

namespace npu {
namespace {

using testing::bits;
using testing::bits_alone;
using testing::drive;
using testing::FaultDevice;
using testing::Outcome;
using testing::short_texts;
using testing::SoundModel;
using testing::varied_bursts;

using Samples = std::vector<float>;

std::future<Outcome> in_a_thread(Transcriber& stream, const Samples& samples, size_t at_once,
                                 const CancelToken& cancel = {}) {
  return std::async(std::launch::async, [&stream, &samples, at_once, cancel] {
    return drive(stream, samples, at_once, cancel);
  });
}

struct Together {
  const char* name;
  int size;
  bool detect = false;
  bool translate = false;
  bool fitting = false;
};

class ThreeStreams : public ::testing::TestWithParam<Together> {};

TEST_P(ThreeStreams, EachStreamGivesWhatItGivesAlone) {
  TranscribeOptions options = short_texts(GetParam().size);
  if (GetParam().detect) options.decoding.language.clear();
  options.also_translate = GetParam().translate;
  if (GetParam().fitting) options.encoder_positions = EncoderPositions::kFitting;
  const SoundModel shared;
  std::vector<Samples> samples;
  std::vector<std::unique_ptr<Transcriber>> streams;
  std::vector<std::future<Outcome>> running;
  for (int i = 0; i < 3; ++i) samples.push_back(varied_bursts(2 + 2 * i, i));
  for (size_t i = 0; i < 3; ++i) streams.push_back(shared.stream(options));
  for (size_t i = 0; i < 3; ++i)
    running.push_back(in_a_thread(*streams[i], samples[i], 3000 * (i + 1)));
  for (size_t i = 0; i < 3; ++i) {
    const Outcome outcome = running[i].get();
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(bits(outcome.segments), bits_alone(options, samples[i])) << "stream " << i;
    EXPECT_EQ(outcome.segments.size(), 2 + 2 * i);
    EXPECT_EQ(outcome.translation.size(), options.also_translate ? 2 + 2 * i : 0);
    const TranscriberStats& stats = streams[i]->stats();
    EXPECT_EQ(stats.windows, static_cast<int64_t>(2 + 2 * i));
    if (!GetParam().fitting) {
      EXPECT_EQ(stats.encoder_runs, stats.windows);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Batches, ThreeStreams,
                         ::testing::Values(Together{"One", 1}, Together{"Two", 2},
                                           Together{"Eight", 8}, Together{"Detecting", 3, true},
                                           Together{"Translating", 3, false, true},
                                           Together{"Fitting", 3, false, true, true}),
                         [](const auto& test) { return test.param.name; });

// Two streams of which the first one is in the device, in a call that hangs, and has a chunk of the
// second one in the batch.
struct Pair {
  static constexpr int kWriteCall = 1;

  explicit Pair(int hanging_call) {
    second->push(other);
    second->push(Samples(40 * 16000));
    EXPECT_EQ(second->step({}).value().kind, Step::Kind::kNeedInput);
    shared.state->arm(FaultDevice::block_on_call(hanging_call));
    leader = in_a_thread(*first, one, one.size(), cancel_first.token());
    shared.state->wait_until_blocked();
  }
  // What each of them gives alone.
  static const std::vector<std::string>& expected_one() {
    static const auto bits = bits_alone(short_texts(kSize), one);
    return bits;
  }
  static const std::vector<std::string>& expected_other() {
    static const auto bits = bits_alone(short_texts(kSize), other);
    return bits;
  }
  // The rest of the second stream.
  Outcome finish_second() { return drive(*second, {}, 1, cancel_second.token()); }

  static constexpr int kSize = 4;
  static inline const Samples one = varied_bursts(1, 1);
  static inline const Samples other = varied_bursts(1, 2);
  const SoundModel shared;
  std::unique_ptr<Transcriber> first = shared.stream(short_texts(kSize));
  std::unique_ptr<Transcriber> second = shared.stream(short_texts(kSize));
  CancelSource cancel_first;
  CancelSource cancel_second;
  std::future<Outcome> leader;
};

// Device calls that the first stream of a Pair makes.
int calls_of_pair() {
  Pair pair(1);
  const int before = pair.shared.state->calls() - 1;
  pair.shared.state->release();
  EXPECT_FALSE(pair.leader.get().error);
  return pair.shared.state->calls() - before;
}

TEST(SharedThreads, WhatACancelledLeaderWasAboutIsDoneByAnother) {
  const int calls = calls_of_pair();
  ASSERT_GT(calls, 5);
  for (int n = 1; n <= calls; ++n) {
    Pair pair(n);
    auto follower = std::async(std::launch::async, [&] { return pair.finish_second(); });
    pair.cancel_first.cancel();
    // write() takes no CancelToken.
    if (n == Pair::kWriteCall) pair.shared.state->release();
    const Outcome cancelled = pair.leader.get();
    ASSERT_TRUE(cancelled.error);
    EXPECT_EQ(cancelled.error->code, ErrorCode::kCancelled) << cancelled.error->message;
    const Outcome outcome = follower.get();
    ASSERT_FALSE(outcome.error) << "call " << n << ": " << outcome.error->message;
    EXPECT_EQ(bits(outcome.segments), Pair::expected_other()) << "call " << n;
    pair.first->reset();
    const Outcome again = drive(*pair.first, pair.one);
    EXPECT_EQ(bits(again.segments), Pair::expected_one()) << n;
  }
}

TEST(SharedThreads, AFollowerLeavesWhileTheLeaderHangs) {
  for (int n = 2; n <= 6; ++n) {
    Pair pair(n);
    auto follower = std::async(std::launch::async, [&] { return pair.finish_second(); });
    pair.cancel_second.cancel();
    EXPECT_EQ(follower.get().error.value().code, ErrorCode::kCancelled);
    if (n % 2 == 0)
      pair.second.reset();
    else
      pair.second->reset();
    pair.shared.state->release();
    const Outcome outcome = pair.leader.get();
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(bits(outcome.segments), Pair::expected_one()) << n;
    if (pair.second) {
      const Outcome again = drive(*pair.second, pair.other);
      EXPECT_EQ(bits(again.segments), Pair::expected_other()) << n;
    }
  }
}

TEST(SharedThreads, AFailureReachesBothAndNothingHangs) {
  const int calls = calls_of_pair();
  for (int n = 1; n <= calls; ++n) {
    Pair pair(1);
    testing::Fault lost = FaultDevice::fail_on_call(n);
    lost.lasting = true;
    auto follower = std::async(std::launch::async, [&] { return pair.finish_second(); });
    // Lets the call that hangs go, too.
    pair.shared.state->arm(lost);
    pair.shared.state->release();
    for (const Outcome& outcome : {pair.leader.get(), follower.get()}) {
      if (!outcome.error) continue;  // it had all it wanted before
      EXPECT_EQ(outcome.error->code, ErrorCode::kDeviceLost);
      EXPECT_EQ(outcome.error->message.rfind("fault device: call", 0), 0U);
    }
    pair.shared.state->arm({});
    pair.second->reset();
    const Outcome again = drive(*pair.second, pair.other);
    EXPECT_EQ(bits(again.segments), Pair::expected_other()) << n;
  }
}

// Many short streams that come, are cancelled, go and come again.
TEST(SharedThreads, ManyShortStreams) {
  constexpr int kThreads = 6;
  constexpr int kStreams = 8;
  constexpr int kSounds = 4;
  TranscribeOptions options = short_texts(3);
  options.decoding.language.clear();
  std::vector<Samples> samples;
  std::vector<std::vector<std::string>> expected;
  for (int i = 0; i < kSounds; ++i) {
    samples.push_back(varied_bursts(1 + i % 3, i));
    expected.push_back(bits_alone(options, samples.back()));
  }
  const SoundModel shared;
  std::vector<CancelSource> cancels(kThreads * kStreams);
  std::vector<std::thread> threads;
  std::vector<std::string> failures(kThreads);
  const auto run = [&](int thread) {
    std::unique_ptr<Transcriber> stream;
    for (int i = 0; i < kStreams; ++i) {
      const int sound = (thread + i) % kSounds;
      // The one after the next of the next thread's is cancelled wherever it is.
      cancels[static_cast<size_t>((thread + 1) % kThreads * kStreams + (i + 2) % kStreams)]
          .cancel();
      if (!stream || i % 3 == 0)
        stream = shared.stream(options);
      else
        stream->reset();
      const auto cancel = cancels[static_cast<size_t>(thread * kStreams + i)].token();
      const Outcome outcome = drive(*stream, samples[static_cast<size_t>(sound)], 16000,
                                    i % 2 ? cancel : CancelToken());
      if (outcome.error && outcome.error->code != ErrorCode::kCancelled)
        failures[static_cast<size_t>(thread)] += outcome.error->message + '\n';
      if (!outcome.error && bits(outcome.segments) != expected[static_cast<size_t>(sound)])
        failures[static_cast<size_t>(thread)] += text("other text in stream ", i, '\n');
    }
  };
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(run, i);
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
}

}  // namespace
}  // namespace npu
