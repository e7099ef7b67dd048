// SPDX-License-Identifier: LGPL-2.1-or-later
// What the cues of recorded speech look like: prints docs/measurements.md's table, and holds the
// shaper to what editors expect of most cues.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "cue_rules.h"
#include "soft_oracle.h"
#include "word_streams.h"

namespace npu::captions {
namespace {

struct Shaped {
  WordStream stream;
  std::vector<Cue> cues;
};

std::vector<Shaped> shaped_recordings() {
  std::vector<Shaped> all;
  for (WordStream& stream : recorded_streams()) {
    std::vector<Cue> cues = shaped(CueShape{}, stream);
    all.push_back({std::move(stream), std::move(cues)});
  }
  return all;
}

void print_row(const char* name, std::vector<double> values) {
  ASSERT_FALSE(values.empty());
  std::sort(values.begin(), values.end());
  std::printf("| %s |", name);
  for (const double part : {0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0}) {
    std::printf(" %.2f |", values[static_cast<size_t>(part * (values.size() - 1.0))]);
  }
  std::printf("\n");
}

TEST(CueStatistics, OfRecordedSpeechArePrinted) {
  std::vector<double> seconds;
  std::vector<double> speeds;
  std::vector<double> columns;
  std::array<int, 3> broken = {0, 0, 0};
  for (const Shaped& clip : shaped_recordings()) {
    const SoftResult soft = judge_soft_rules(CueShape{}, clip.stream.words, clip.cues);
    for (size_t rule = 0; rule < 3; ++rule) broken[rule] += soft.broken[rule];
    for (const Cue& cue : clip.cues) {
      unsigned sum = 0;
      for (const std::string& line : cue.lines) {
        columns.push_back(glib_columns(line));
        sum += glib_columns(line);
      }
      seconds.push_back(static_cast<double>(cue.end_ns - cue.start_ns) / kSecond);
      speeds.push_back(sum / seconds.back());
    }
  }
  std::printf("| | least | 5 %% | 25 %% | median | 75 %% | 95 %% | most |\n");
  print_row("duration, s", seconds);
  print_row("reading speed, columns/s", speeds);
  print_row("line, columns", columns);
  std::printf("%zu cues; broken: minimum duration %d, linger %d, reading speed %d\n",
              seconds.size(), broken[0], broken[1], broken[2]);
}

TEST(CueStatistics, NineOfTenCuesOfTwoLinesAreBalanced) {
  int two_lines = 0;
  int balanced = 0;
  for (const Shaped& clip : shaped_recordings()) {
    for (const Cue& cue : clip.cues) {
      if (cue.lines.size() != 2) continue;
      const unsigned upper = glib_columns(cue.lines[0]);
      const unsigned lower = glib_columns(cue.lines[1]);
      ++two_lines;
      balanced += 2 * std::min(upper, lower) >= std::max(upper, lower) ? 1 : 0;
    }
  }
  ASSERT_GT(two_lines, 0);
  EXPECT_GE(balanced, two_lines * 9 / 10);
  std::printf("%d of %d cues of two lines have a ratio of at most 1:2\n", balanced, two_lines);
}

TEST(CueStatistics, CuesEndAtPunctuationWhereSomeIsWithinTheLimits) {
  size_t cues = 0;
  size_t missed = 0;
  for (const Shaped& clip : shaped_recordings()) {
    cues += clip.cues.size();
    missed += ends_that_miss_punctuation(CueShape{}, clip.stream.words, clip.cues).size();
  }
  // A few are better as they are: a comma may be followed by less than a line.
  EXPECT_LE(missed * 50, cues);
  std::printf("%zu of %zu cues could have ended at punctuation\n", missed, cues);
}

// How long viewers of a stream wait: from the start of a cue to the end of the word that decided
// it.
std::vector<double> waits_s(const CueShape& shape, const WordStream& stream) {
  std::vector<double> waits;
  CueShaper shaper(shape);
  shaper.set_language(stream.language);
  for (const CaptionWord& word : stream.words) {
    std::vector<Cue> cues = shaper.silent_until(word.start_ns);
    for (Cue& cue : shaper.push(std::span(&word, 1))) cues.push_back(std::move(cue));
    for (const Cue& cue : cues) {
      waits.push_back(static_cast<double>(word.end_ns - cue.start_ns) / kSecond);
    }
  }
  return waits;
}

TEST(CueStatistics, AHorizonTradesBreaksForTime) {
  std::printf(
      "| horizon, s | cues | end between words | too fast | clips with an avoidable one |"
      " median wait, s | 95 %% |\n");
  for (const int64_t horizon_s : {3, 5, 7, 10, 15, 30}) {
    CueShape shape;
    shape.horizon_ns = horizon_s * kSecond;
    size_t count = 0;
    size_t torn = 0;
    int fast = 0;
    int avoidable = 0;
    std::vector<double> waits;
    for (const WordStream& stream : recorded_streams()) {
      const std::vector<Cue> cues = shaped(shape, stream);
      const SoftResult soft = judge_soft_rules(shape, stream.words, cues);
      count += cues.size();
      fast += soft.broken[2];
      avoidable += soft.avoidable.empty() ? 0 : 1;
      torn += static_cast<size_t>(std::count_if(cues.begin(), cues.end(), [](const Cue& cue) {
        return !ends_with_punctuation(cue.text());
      }));
      const std::vector<double> more = waits_s(shape, stream);
      waits.insert(waits.end(), more.begin(), more.end());
    }
    if (horizon_s >= 10) {
      EXPECT_EQ(avoidable, 0) << horizon_s;
    }
    std::sort(waits.begin(), waits.end());
    const auto part = [&](size_t percent) {
      return waits.empty() ? 0.0 : waits[(waits.size() - 1) * percent / 100];
    };
    std::printf("| %d | %zu | %zu | %d | %d | %.1f | %.1f |\n", static_cast<int>(horizon_s), count,
                torn, fast, avoidable, part(50), part(95));
  }
}

TEST(CueStatistics, AnHourOfSpeechTakesASmallPartOfASecond) {
  std::vector<CaptionWord> words;
  int64_t now_ns = 0;
  const std::vector<WordStream> streams = recorded_streams();
  ASSERT_FALSE(streams.empty()) << "no data: run it with meson test";
  while (now_ns < 3600 * kSecond) {
    for (const WordStream& stream : streams) {
      for (CaptionWord word : stream.words) {
        word.start_ns += now_ns;
        word.end_ns += now_ns;
        words.push_back(std::move(word));
      }
      now_ns = words.back().end_ns;
    }
  }
  const std::clock_t before = std::clock();
  const std::vector<Cue> cues = shaped(CueShape{}, {"an hour", "en", words});
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 10) << "not linear any more, even for a slow build on a slow machine";
  std::printf("%zu words, %zu cues, %.0f s of speech: %.3f s of CPU time\n", words.size(),
              cues.size(), static_cast<double>(now_ns) / kSecond, seconds);
}

}  // namespace
}  // namespace npu::captions
