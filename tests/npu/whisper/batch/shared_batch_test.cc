// SPDX-License-Identifier: LGPL-2.1-or-later
// Several streams in one batch, stepped by one thread: what they share, who decodes what, when.
#include <gtest/gtest.h>

#include "sound_script.h"
#include "whisper/batch/batch_slots.h"

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

using Bits = std::vector<std::string>;

// The next step, which is to give a window.
Segment next_segment(Transcriber& stream) {
  const auto step = stream.step({});
  EXPECT_TRUE(step) << step.error().message;
  if (!step || step->segments.empty()) return {};
  EXPECT_EQ(step->kind, Step::Kind::kWindow);
  return step->segments.front();
}

Step::Kind kind(Transcriber& stream) {
  const auto step = stream.step({});
  EXPECT_TRUE(step) << step.error().message;
  return step ? step->kind : Step::Kind::kFinished;
}

TEST(SharedBatch, StreamsOfOneModelAndShapeHaveOneContext) {
  SoundModel shared;
  const int before = shared.state->calls();
  auto first = shared.stream(short_texts(4));
  auto second = shared.stream(short_texts(4));
  EXPECT_EQ(shared.state->calls(), before + 1);
  // The language is nothing that its size depends on.
  TranscribeOptions german = short_texts(4);
  german.decoding.language = "de";
  auto third = shared.stream(german);
  EXPECT_EQ(shared.state->calls(), before + 1);
  auto larger = shared.stream(short_texts(5));
  EXPECT_EQ(shared.state->calls(), before + 2);
  first.reset();
  second.reset();
  third.reset();
  first = shared.stream(short_texts(4));
  EXPECT_EQ(shared.state->calls(), before + 3);
}

TEST(SharedBatch, WhoDecodesDecodesForAll) {
  SoundModel shared;
  const auto first = shared.stream(short_texts(4));
  const auto second = shared.stream(short_texts(4));
  const auto one = varied_bursts(1, 1);
  const auto other = varied_bursts(1, 2);
  first->push(one);
  first->push(std::vector<float>(40 * 16000));
  EXPECT_EQ(kind(*first), Step::Kind::kNeedInput);
  second->push(other);
  second->end_input();
  EXPECT_EQ(Bits{bits(next_segment(*second))}, bits_alone(short_texts(4), other));
  // Whose text is there without another call.
  const int calls = shared.state->calls();
  EXPECT_EQ(Bits{bits(next_segment(*first))}, bits_alone(short_texts(4), one));
  EXPECT_EQ(shared.state->calls(), calls);
  EXPECT_EQ(first->stats().encoder_runs, 1);
  EXPECT_GT(first->stats().decode_steps, 0);
  EXPECT_GE(first->stats().decoded_tokens, 2);
}

TEST(SharedBatch, TheSlotsOfAllStreamsAreTakenTogether) {
  SoundModel shared;
  const auto first = shared.stream(short_texts(2));
  const auto second = shared.stream(short_texts(2));
  const std::vector<float> silence(40 * 16000);
  for (Transcriber* stream : {first.get(), second.get()}) {
    stream->push(varied_bursts(1, 3));
    stream->push(silence);
  }
  EXPECT_EQ(kind(*first), Step::Kind::kNeedInput);
  EXPECT_EQ(kind(*second), Step::Kind::kWindow);
}

TEST(SharedBatch, AStreamThatNeverEndsTakesNothingFromAnother) {
  SoundModel shared;
  const auto idle = shared.stream(short_texts(2));
  idle->push(varied_bursts(3, 1));
  idle->push(std::vector<float>(40 * 16000));
  // Two slots, and the next one in the queue.
  EXPECT_EQ(kind(*idle), Step::Kind::kWindow);
  const auto samples = varied_bursts(5, 2);
  const auto other = shared.stream(short_texts(2));
  const Outcome outcome = drive(*other, samples);
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(bits(outcome.segments), bits_alone(short_texts(2), samples));
}

// One with little audio does not wait for all of another's.
TEST(SharedBatch, OlderChunksComeFirst) {
  SoundModel shared;
  const auto large = shared.stream(short_texts(2));
  large->push(varied_bursts(20, 1));
  large->end_input();
  EXPECT_EQ(kind(*large), Step::Kind::kWindow);
  const auto small = shared.stream(short_texts(2));
  small->push(varied_bursts(1, 2));
  small->end_input();
  const auto runs = large->stats().encoder_runs;
  EXPECT_EQ(kind(*small), Step::Kind::kWindow);
  EXPECT_EQ(kind(*large), Step::Kind::kWindow);
  // Of the large one no more was heard than what had been in slots and before it in the queue.
  EXPECT_LE(large->stats().encoder_runs, runs + 3);
}

TEST(SharedBatch, AStreamThatGoesLeavesNothing) {
  SoundModel shared;
  const auto samples = varied_bursts(4, 2);
  const auto stays = shared.stream(short_texts(3));
  for (const bool reset : {false, true}) {
    auto goes = shared.stream(short_texts(3));
    goes->push(varied_bursts(6, 1));
    goes->end_input();
    EXPECT_EQ(kind(*goes), Step::Kind::kWindow);
    if (reset)
      goes->reset();
    else
      goes.reset();
    const int runs = shared.script->windows;
    stays->reset();
    const Outcome outcome = drive(*stays, samples);
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(bits(outcome.segments), bits_alone(short_texts(3), samples));
    EXPECT_EQ(shared.script->windows, runs + 4);
  }
}

TEST(SharedBatch, AFailedStepFailsAllThatHadAPartInIt) {
  SoundModel shared;
  const auto first = shared.stream(short_texts(4));
  const auto second = shared.stream(short_texts(4));
  first->push(varied_bursts(1, 1));
  first->push(std::vector<float>(40 * 16000));
  EXPECT_EQ(kind(*first), Step::Kind::kNeedInput);
  const auto samples = varied_bursts(1, 2);
  second->push(samples);
  second->end_input();
  // After the three calls of its encoder.
  shared.state->arm(FaultDevice::fail_on_call(5));
  for (Transcriber* stream : {second.get(), first.get()}) {
    const auto step = stream->step({});
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().code, ErrorCode::kDeviceLost);
    EXPECT_EQ(step.error().message, "fault device: call 5 fails");
  }
  for (Transcriber* stream : {second.get(), first.get()}) {
    stream->reset();
    const Outcome outcome = drive(*stream, samples);
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(bits(outcome.segments), bits_alone(short_texts(4), samples));
  }
}

TEST(SharedBatch, AFailedEncoderRunFailsItsStreamAlone) {
  SoundModel shared;
  const auto first = shared.stream(short_texts(4));
  const auto second = shared.stream(short_texts(4));
  const auto one = varied_bursts(1, 1);
  first->push(one);
  first->push(std::vector<float>(40 * 16000));
  EXPECT_EQ(kind(*first), Step::Kind::kNeedInput);
  second->push(varied_bursts(1, 2));
  second->end_input();
  shared.state->arm(FaultDevice::fail_on_call(2));
  const auto step = second->step({});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, ErrorCode::kDeviceLost);
  first->end_input();
  EXPECT_EQ(Bits{bits(next_segment(*first))}, bits_alone(short_texts(4), one));
}

// A device that stays lost is not asked for every chunk of a long file.
TEST(SharedBatch, AfterAFailureNothingMoreIsHeard) {
  SoundModel shared;
  const auto stream = shared.stream(short_texts(4));
  stream->push(varied_bursts(10, 1));
  stream->end_input();
  testing::Fault lost = FaultDevice::fail_on_call(1);
  lost.lasting = true;
  shared.state->arm(lost);
  const int calls = shared.state->calls();
  const auto step = stream->step({});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, ErrorCode::kDeviceLost);
  EXPECT_EQ(shared.state->calls(), calls + 1);
}

TEST(SharedBatch, OnlyWhatIsNotEncodedKeepsItsAudio) {
  const SoundModel shared;
  const std::shared_ptr<const BatchTask> tasks[] = {
      std::make_shared<BatchTask>(shared.model->tokenizer(), short_texts(2), Task::kTranscribe)};
  const auto slots = BatchSlots::create(shared.model, {2, 1, 3, 3, 100});
  ASSERT_TRUE(slots) << slots.error().message;
  for (const uint64_t ticket : {0, 1}) {
    auto hearing = std::make_shared<Hearing>(tasks);
    hearing->window.frames = kWindowFrames;
    hearing->language = "en";
    hearing->ticket = ticket;
    hearing->mel.resize(static_cast<size_t>(kWindowFrames) *
                        static_cast<size_t>(shared.model->dims().mel_bands));
    (*slots)->take(hearing);
    EXPECT_TRUE((*slots)->unheard());
    ASSERT_TRUE((*slots)->run({}));
    EXPECT_FALSE((*slots)->unheard());
    EXPECT_EQ(hearing->mel.capacity(), 0U);
  }
}

}  // namespace
}  // namespace npu
