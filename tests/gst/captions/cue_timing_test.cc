// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a cue stays, with the default shape: times in ms.
#include "captions/cue_timing.h"

#include <gtest/gtest.h>

#include "word_streams.h"

namespace npu::captions {
namespace {

constexpr int64_t kNone = -1;

struct TimingCase {
  const char* name;
  int64_t start_ms;
  int64_t last_end_ms;
  unsigned columns;
  int64_t next_ms;  // kNone: no next cue
  int64_t end_ms;
};

const TimingCase kTimingCases[] = {
    {"WordsAbut", 0, 2000, 20, 2000, 1917},
    {"ShortPauseIsClosed", 0, 2000, 20, 2499, 2416},
    {"PauseThatLingeringFills", 0, 2000, 20, 2583, 2500},
    {"GapIsMadeHalfASecond", 0, 2000, 20, 2800, 2300},
    {"GapIsShorterIfReadingNeedsIt", 0, 2000, 48, 2800, 2400},
    {"LingersIntoSilence", 0, 2000, 20, 3500, 2500},
    {"LingersWithoutNext", 0, 2000, 20, kNone, 2500},
    {"ShortWordStaysLonger", 0, 200, 4, 5000, 833},
    {"ShortWordWithoutNext", 0, 200, 4, kNone, 833},
    {"ShortWordEndsBeforeTheNext", 0, 200, 4, 700, 617},
    {"ShortWordClosesItsGap", 0, 200, 4, 1200, 1117},
    {"NeverLongerThanSevenSeconds", 0, 6800, 60, 9000, 7000},
    {"LastWordIsCutByTheGap", 0, 7083, 60, 7083, 7000},
    {"NegativeTimes", -3000, -1000, 20, -1000, -1083},
};

class CueEnd : public testing::TestWithParam<TimingCase> {};

TEST_P(CueEnd, IsThere) {
  const TimingCase& c = GetParam();
  const CueSpeech speech{c.start_ms * kMs, c.last_end_ms * kMs, c.columns};
  std::optional<int64_t> next_ns;
  if (c.next_ms != kNone) next_ns = c.next_ms * kMs;
  EXPECT_EQ(cue_end_ns(CueShape{}, speech, next_ns), c.end_ms * kMs);
}

INSTANTIATE_TEST_SUITE_P(CueTiming, CueEnd, testing::ValuesIn(kTimingCases),
                         [](const auto& row) { return row.param.name; });

TEST(CueTiming, FromTheSettledTimeOnTheNextCueDoesNotMatter) {
  for (const int64_t spoken_ms : {0, 100, 333, 800, 3000, 6900}) {
    const CueSpeech speech{0, spoken_ms * kMs, 40};
    const int64_t end_ns = cue_end_ns(CueShape{}, speech, std::nullopt);
    for (int64_t later_ms = 0; later_ms < 3000; later_ms += 7) {
      const int64_t next_ns = settled_ns(CueShape{}, speech) + later_ms * kMs;
      EXPECT_EQ(cue_end_ns(CueShape{}, speech, next_ns), end_ns) << spoken_ms << " " << later_ms;
    }
  }
}

TEST(CueTiming, ReadingTimeFollowsColumns) {
  CueShape shape;
  EXPECT_EQ(reading_ns(shape, 40), 2 * kSecond);
  shape.max_chars_per_s = 0;
  EXPECT_EQ(reading_ns(shape, 40), 0);
}

}  // namespace
}  // namespace npu::captions
