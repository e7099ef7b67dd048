// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds for all cues, on every recorded word and on random streams.
#include <gtest/gtest.h>

#include <random>

#include "cue_rules.h"
#include "soft_oracle.h"
#include "word_streams.h"

namespace npu::captions {
namespace {

constexpr uint64_t kStreams = 10'000;

// Shapes that users may set, and ones that make no sense.
CueShape random_shape(uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto pick = [&](std::initializer_list<int64_t> values) {
    return values.begin()[engine() % values.size()];
  };
  CueShape shape;
  shape.max_line_chars = static_cast<unsigned>(pick({2, 7, 20, 37, 42, 42, 42, 80}));
  shape.max_line_wide_chars = static_cast<unsigned>(pick({1, 10, 16, 16, 20, 99}));
  shape.max_lines = static_cast<unsigned>(pick({1, 2, 2, 2, 3, 5}));
  shape.min_duration_ns = pick({0, 833, 833, 1500, 9000}) * kMs;
  shape.max_duration_ns = pick({200, 2000, 7000, 7000, 20'000}) * kMs;
  shape.max_chars_per_s = static_cast<double>(pick({0, 5, 20, 20, 1000}));
  shape.linger_ns = pick({0, 500, 500, 5000}) * kMs;
  shape.min_gap_ns = pick({0, 40, 83, 83, 2000}) * kMs;
  shape.chain_gap_ns = pick({0, 500, 500, 3000}) * kMs;
  shape.sentence_pause_ns = pick({0, 2000, 2000, 10'000}) * kMs;
  shape.cue_pause_ns = pick({0, 1000, 1000, 10'000}) * kMs;
  shape.horizon_ns = pick({0, 3000, 15'000, 60'000}) * kMs;
  return shape;
}

TEST(Cues, OfRecordedSpeechBreakNoHardRule) {
  const std::vector<WordStream> streams = recorded_streams();
  ASSERT_FALSE(streams.empty());
  for (const WordStream& stream : streams) {
    const std::vector<Cue> cues = shaped(CueShape{}, stream);
    EXPECT_EQ(broken_hard_rule(CueShape{}, stream.words, cues), "") << stream.name << "\n"
                                                                    << listing(cues);
  }
}

TEST(Cues, OfRandomStreamsBreakNoHardRule) {
  for (uint64_t seed = 0; seed < kStreams; ++seed) {
    const WordStream stream = random_stream(seed);
    const std::vector<Cue> cues = shaped(CueShape{}, stream);
    ASSERT_EQ(broken_hard_rule(CueShape{}, stream.words, cues), "") << stream.name << "\n"
                                                                    << listing(cues);
  }
}

TEST(Cues, OfAnyShapeBreakNoHardRule) {
  for (uint64_t seed = 0; seed < kStreams; ++seed) {
    const WordStream stream = seed % 2 == 0 ? random_stream(seed) : random_speech(seed);
    const CueShape shape = random_shape(seed);
    const std::vector<Cue> cues = shaped(shape, stream);
    ASSERT_EQ(broken_hard_rule(usable(shape), stream.words, cues), "") << stream.name << "\n"
                                                                       << listing(cues);
  }
}

TEST(Cues, OfRecordedSpeechBreakASoftRuleOnlyIfEveryDivisionDoes) {
  for (const WordStream& stream : recorded_streams()) {
    const std::vector<Cue> cues = shaped(CueShape{}, stream);
    const SoftResult result = judge_soft_rules(CueShape{}, stream.words, cues);
    EXPECT_EQ(result.avoidable, "") << stream.name << "\n" << listing(cues);
  }
}

TEST(Cues, OfRandomSpeechBreakASoftRuleOnlyIfEveryDivisionDoes) {
  std::array<int, 3> broken = {0, 0, 0};
  for (uint64_t seed = 0; seed < kStreams; ++seed) {
    const WordStream stream = random_speech(seed);
    const std::vector<Cue> cues = shaped(CueShape{}, stream);
    const SoftResult result = judge_soft_rules(CueShape{}, stream.words, cues);
    ASSERT_EQ(result.avoidable, "") << stream.name << "\n" << listing(cues);
    for (size_t rule = 0; rule < 3; ++rule) broken[rule] += result.broken[rule];
  }
  // The streams do contain what no division can show by the rules.
  for (const int count : broken) EXPECT_GT(count, 10);
}

}  // namespace
}  // namespace npu::captions
