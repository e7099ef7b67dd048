// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcript and translation of the same audio, decoded together.
#include <gtest/gtest.h>

#include <map>

#include "longform_bench.h"
#include "model/mel_filters.h"
#include "whisper/features.h"

namespace npu {
namespace {

using testing::at;
using testing::drive;
using testing::english;
using testing::kStart;
using testing::Outcome;
using testing::Said;
using testing::some_noise;
using testing::transcriber_of;

using Lines = std::vector<std::string>;

constexpr int kTranslateToken = 50358;

// What the model says of the audio from a second on, in each task.
using Book = std::map<int, Said>;

// A network that hears where a window begins, so that it says the same of it whenever it comes.
class TwoTasks {
 public:
  TwoTasks(double seconds, Book transcript, Book translation)
      : samples_(some_noise(seconds)),
        transcript_(std::move(transcript)),
        translation_(std::move(translation)) {}

  Outcome run(TranscribeOptions options) {
    options.normalisation = Normalisation::kWhole;
    script_ = std::make_shared<testing::Script>();
    script_->next = [this](int window, std::span<const int> history, std::span<float> logits) {
      say(window, history, logits);
    };
    const auto transcriber = transcriber_of(script_, options);
    Outcome outcome = drive(*transcriber, samples_);
    EXPECT_FALSE(outcome.error) << outcome.error->message;
    stats_ = transcriber->stats();
    return outcome;
  }
  Outcome both(TranscribeOptions options = english()) {
    options.also_translate = true;
    return run(options);
  }
  Outcome alone(Task task, TranscribeOptions options = english()) {
    options.decoding.task = task;
    return run(options);
  }

  const TranscriberStats& stats() const { return stats_; }
  const testing::Script& script() const { return *script_; }

 private:
  void say(int window, std::span<const int> history, std::span<float> logits) {
    const auto start = std::find(history.begin(), history.end(), kStart);
    const auto after = static_cast<size_t>(history.end() - start);
    if (after < 3) return;
    const Book& book = *(start + 2) == kTranslateToken ? translation_ : transcript_;
    const Said& said = book.at(second_of(script_->mels[static_cast<size_t>(window)]));
    if (after == 1) logits[testing::kNoSpeech] = said.no_speech_logit;
    const size_t sampled = after - 3;
    const int id = sampled < said.tokens.size() ? said.tokens[sampled] : testing::kEndOfText;
    logits[static_cast<size_t>(id)] = said.logit;
  }

  // Which second of the input a window begins with.
  int second_of(const std::vector<float>& mel) {
    if (frames_.empty()) {
      const MelFilters filters = slaney_mel_filters(80);
      Features features(filters, 80, Normalisation::kWhole);
      features.push(samples_);
      features.end_input();
      const int seconds = features.content_frames() / kFramesPerSecond;
      frames_.resize(static_cast<size_t>(seconds));
      for (size_t second = 0; second < frames_.size(); ++second) {
        frames_[second].resize(80);
        features.cut(static_cast<int>(second) * kFramesPerSecond, 1, frames_[second]);
      }
    }
    for (size_t second = 0; second < frames_.size(); ++second)
      if (std::equal(frames_[second].begin(), frames_[second].end(), mel.begin()))
        return static_cast<int>(second);
    ADD_FAILURE() << "a window begins within a second";
    return 0;
  }

  std::vector<float> samples_;
  Book transcript_, translation_;
  std::vector<std::vector<float>> frames_;  // the first mel frame of each second
  std::shared_ptr<testing::Script> script_;
  TranscriberStats stats_;
};

TEST(Translation, ComesFromTheSameEncoderRunAndTheSameSteps) {
  TwoTasks tasks(10, {{0, {{at(0), 300, 301, 302, at(10)}}}}, {{0, {{at(0), 400, 401, at(10)}}}});
  const Outcome transcript = tasks.alone(Task::kTranscribe);
  const int64_t steps = tasks.stats().decode_steps;
  const Outcome both = tasks.both();
  EXPECT_EQ(both.lines(), transcript.lines());
  EXPECT_EQ(both.translation_lines(), Lines{"0: 0.00-10.00 w400 w401"});
  EXPECT_EQ(tasks.stats().encoder_runs, 1);
  EXPECT_EQ(tasks.stats().decode_steps, steps);
  EXPECT_EQ(tasks.stats().windows, 1);
}

TEST(Translation, IsNotThereUnlessAskedFor) {
  TwoTasks tasks(10, {{0, {{at(0), 300, at(10)}}}}, {});
  EXPECT_TRUE(tasks.run(english()).translation.empty());
}

TEST(Translation, ThatFailsOnFewerPositionsIsHeardAgainOnAllAndTheTranscriptWithIt) {
  TwoTasks tasks(10, {{0, {{at(0), 300, at(5)}}}}, {{0, {{at(0), 400, 401, 402, at(10)}, 9}}});
  TranscribeOptions options = english();
  options.encoder_positions = EncoderPositions::kFitting;
  options.temperatures = {0};
  options.logprob_threshold = -0.5F;
  const Outcome both = tasks.both(options);
  EXPECT_EQ(both.lines(), Lines{"0: 0.00-5.00 w300"});
  EXPECT_EQ(both.translation_lines(), Lines{"0: 0.00-10.00 w400 w401 w402"});
  EXPECT_EQ(tasks.script().positions, (std::vector<int>{768, 1500}));
}

struct ShortCase {
  const char* name;
  Book transcript, translation;
  int64_t encoder_runs;
};

// Where the two do not begin their windows alike, in an input of at most one window.
class ShortInput : public ::testing::TestWithParam<ShortCase> {};

TEST_P(ShortInput, GivesBothTextsAsSeparateRuns) {
  for (const bool conditioned : {true, false}) {
    TwoTasks tasks(20, GetParam().transcript, GetParam().translation);
    TranscribeOptions options = english();
    options.condition_on_previous_text = conditioned;
    const Outcome transcript = tasks.alone(Task::kTranscribe, options);
    const auto prompts = tasks.script().prompts;
    const Outcome translation = tasks.alone(Task::kTranslate, options);
    const Outcome both = tasks.both(options);
    EXPECT_EQ(both.lines(), transcript.lines());
    EXPECT_EQ(both.translation_lines(), translation.lines());
    EXPECT_EQ(tasks.stats().encoder_runs, GetParam().encoder_runs);
    for (const auto& prompt : prompts)
      EXPECT_NE(std::find(tasks.script().prompts.begin(), tasks.script().prompts.end(), prompt),
                tasks.script().prompts.end());
  }
}

const Said kWhole{{at(0), 300, at(8), at(8), 301, at(20)}};
const Said kTo12{{at(0), 302, at(12), at(12), 303}};
const Said kTo15{{at(0), 304, at(15), at(15), 305}};
const Said kFrom12{{at(0), 306, at(8)}};
const Said kFrom15{{at(0), 307, at(5)}};

INSTANTIATE_TEST_SUITE_P(
    Translation, ShortInput,
    ::testing::Values(
        ShortCase{"BothInOneWindow", {{0, kWhole}}, {{0, kWhole}}, 1},
        ShortCase{"TranslationNeedsAnother", {{0, kWhole}}, {{0, kTo15}, {15, kFrom15}}, 2},
        ShortCase{"TranscriptNeedsAnother", {{0, kTo15}, {15, kFrom15}}, {{0, kWhole}}, 2},
        ShortCase{"BothGoOnAlike", {{0, kTo12}, {12, kFrom12}}, {{0, kTo12}, {12, kFrom12}}, 2},
        ShortCase{"BothGoOnApart", {{0, kTo12}, {12, kFrom12}}, {{0, kTo15}, {15, kFrom15}}, 3}),
    [](const auto& test) { return test.param.name; });

// Two windows, of which the first ends at 27 s for the transcript.
Book long_transcript() {
  return {{0, {{at(0), 300, at(27), at(27), 301}}}, {27, {{at(0), 302, at(8)}}}};
}

TEST(Translation, ThatIsUnfinishedWhereTheTranscriptGoesOnIsCutThere) {
  TwoTasks tasks(35, long_transcript(),
                 {{0, {{at(0), 400, at(20), at(20), 401}}}, {27, {{at(0), 402, at(8)}}}});
  const Outcome both = tasks.both();
  EXPECT_EQ(both.lines(), (Lines{"0: 0.00-27.00 w300", "2700: 27.00-35.00 w302"}));
  EXPECT_EQ(both.translation_lines(),
            (Lines{"0: 0.00-20.00 w400", "0: 20.00-27.00 w401", "2700: 27.00-35.00 w402"}));
  EXPECT_EQ(tasks.stats().encoder_runs, 2);
}

TEST(Translation, BeyondWhereTheTranscriptGoesOnIsLeftToTheNextWindow) {
  TwoTasks tasks(35, long_transcript(),
                 {{0, {{at(0), 400, at(24), at(24), 401, at(27.5), at(27.5), 403, at(30)}}},
                  {27, {{at(0), 402, at(8)}}}});
  const Outcome both = tasks.both();
  EXPECT_EQ(both.translation_lines(),
            (Lines{"0: 0.00-24.00 w400", "0: 24.00-27.00 w401", "2700: 27.00-35.00 w402"}));
}

TEST(Translation, HasItsOwnPreviousText) {
  TwoTasks tasks(35, long_transcript(),
                 {{0, {{at(0), 400, at(27), at(27), 401}}}, {27, {{at(0), 402, at(8)}}}});
  tasks.both();
  using Tokens = std::vector<int>;
  const auto& prompts = tasks.script().prompts;
  ASSERT_EQ(prompts.size(), 4U);
  EXPECT_EQ(prompts[2], (Tokens{50361, at(0), 300, at(27), kStart, 50259, 50359}));
  EXPECT_EQ(prompts[3], (Tokens{50361, at(0), 400, at(27), kStart, 50259, kTranslateToken}));
}

TEST(Translation, FallsBackWithoutTheTranscript) {
  TwoTasks tasks(10, {{0, {{at(0), 300, at(10)}}}}, {{0, {{at(0), 400, at(10)}, 5}}});
  TranscribeOptions options = english();
  options.decoding.best_of = 3;
  const Outcome translation = tasks.alone(Task::kTranslate, options);
  EXPECT_GT(tasks.stats().fallbacks, 0);
  const Outcome both = tasks.both(options);
  EXPECT_EQ(both.lines(), Lines{"0: 0.00-10.00 w300"});
  EXPECT_EQ(both.segments[0].temperature, 0);
  EXPECT_EQ(both.translation_lines(), translation.lines());
  EXPECT_EQ(both.translation[0].temperature, translation.segments[0].temperature);
  EXPECT_GT(both.translation[0].temperature, 0);
}

// The two texts that a window gives if every temperature fails for the translation, whose samples
// are as long as the text that they are sure of.
TEST(Translation, HasTheHistoriesOfTheTranscriptOnceThatIsDecoded) {
  Said unsure{{at(0)}, 9};
  for (int id = 400; id < 440; ++id) unsure.tokens.push_back(id);
  unsure.tokens.push_back(at(10));
  TranscribeOptions options = english();
  options.decoding.best_of = 2;
  options.logprob_threshold = -0.01F;
  TwoTasks tasks(10, {{0, {{at(0), 300, at(10)}}}}, {{0, unsure}});
  const Outcome translation = tasks.alone(Task::kTranslate, options);
  const TranscriberStats alone = tasks.stats();
  ASSERT_EQ(alone.fallbacks, 5);
  const Outcome both = tasks.both(options);
  EXPECT_EQ(both.translation_lines(), translation.lines());
  ASSERT_FALSE(both.translation.empty());
  EXPECT_EQ(both.translation[0].temperature, 1.0F);
  EXPECT_EQ(both.translation[0].avg_logprob, translation.segments[0].avg_logprob);
  EXPECT_EQ(tasks.stats().fallbacks, 5);
  // Of the six temperatures four are decoded two at a time.
  EXPECT_LT(tasks.stats().decode_steps, alone.decode_steps * 5 / 6);
}

TEST(Translation, ForgetsWhatWasDecodedAheadWhenATemperatureIsGood) {
  // Certain only of what follows the text that comes at 0.4 with this seed and no other.
  TwoTasks tasks(10, {{0, {{at(0), 300, at(10)}}}}, {{0, {{at(0), 400, at(10)}, 5}}});
  TranscribeOptions options = english();
  options.decoding.best_of = 3;
  for (const float threshold : {-12.0F, -11.0F, -10.0F, -9.0F, -8.0F}) {
    options.logprob_threshold = threshold;
    const Outcome translation = tasks.alone(Task::kTranslate, options);
    const int64_t fallbacks = tasks.stats().fallbacks;
    const Outcome both = tasks.both(options);
    EXPECT_EQ(both.translation_lines(), translation.lines());
    EXPECT_EQ(both.lines(), Lines{"0: 0.00-10.00 w300"});
    EXPECT_EQ(tasks.stats().fallbacks, fallbacks);
  }
}

TEST(Translation, HasWordsToo) {
  TwoTasks tasks(10, {{0, {{at(0), 300, at(10)}}}}, {{0, {{at(0), 400, 401, at(10)}}}});
  TranscribeOptions options = english();
  options.word_timestamps = true;
  const Outcome translation = tasks.alone(Task::kTranslate, options);
  const Outcome both = tasks.both(options);
  ASSERT_EQ(both.translation.size(), 1U);
  ASSERT_EQ(both.translation[0].words.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(both.translation[0].words[i].text, translation.segments[0].words[i].text);
    EXPECT_EQ(both.translation[0].words[i].start_s, translation.segments[0].words[i].start_s);
    EXPECT_EQ(both.translation[0].words[i].end_s, translation.segments[0].words[i].end_s);
  }
}

TEST(Translation, OfClipsEndsWithEachOfThem) {
  TranscribeOptions options = english();
  options.clips = {{0, 10}, {20, 30}};
  TwoTasks tasks(40, {{0, {{at(0), 300, at(10)}}}, {20, {{at(0), 301, at(10)}}}},
                 {{0, {{at(0), 400, at(6), at(6), 401}}},
                  {6, {{at(0), 402, at(4)}}},
                  {20, {{at(0), 403, at(10)}}}});
  const Outcome translation = tasks.alone(Task::kTranslate, options);
  const Outcome both = tasks.both(options);
  EXPECT_EQ(both.lines(), (Lines{"0: 0.00-10.00 w300", "2000: 20.00-30.00 w301"}));
  EXPECT_EQ(both.translation_lines(), translation.lines());
  EXPECT_EQ(both.translation.size(), 3U);
}

}  // namespace
}  // namespace npu
