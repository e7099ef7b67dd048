// SPDX-License-Identifier: LGPL-2.1-or-later
// Searches side by side: each finds what it finds alone, whoever else is there.
#include "whisper/search_driver.h"

#include <gtest/gtest.h>

#include <map>

#include "search_bench.h"

namespace npu {
namespace {

using testing::kEnd;
using testing::random_logits;
using testing::tokenizer;

// A kind of search, and what tells its window from others: the prompt.
struct Job {
  const char* name;
  std::optional<int> beams;
  float temperature;
  std::vector<int> prompt;
};

const Job kJobs[] = {
    {"greedy", {}, 0, {}},
    {"beams", 4, 0, {400, 401}},
    {"samples", {}, 0.8F, {402}},
    {"greedy with a prompt", {}, 0, std::vector<int>(150, 403)},
};
constexpr int kStartOfTranscript = 50258;
constexpr int kSlots = 5;  // for each job

// A context with room for all jobs, and decoders for them.
class SideBySide : public ::testing::Test {
 protected:
  explicit SideBySide(int max_rows = kTextPositions) {
    script_->next = [](int, std::span<const int> history, std::span<float> logits) {
      random_logits(3, history, logits);
      // A long prompt must not end the text early.
      const auto start = std::find(history.begin(), history.end(), kStartOfTranscript);
      logits[kEnd] *=
          static_cast<float>(history.end() - start) / 3 / static_cast<float>(history.size());
    };
    ContextLimits limits;
    limits.max_rows = max_rows;
    limits.self_slots = kSlots * static_cast<int>(std::size(kJobs));
    inference_ = std::make_unique<Inference>(
        std::make_unique<testing::ScriptedContext>(script_, limits), limits, stats_);
    driver_ = std::make_unique<SearchDriver>(*inference_);
    for (const Job& job : kJobs) {
      options_[job.name].beam_size = job.beams;
      decoders_.emplace(std::piecewise_construct, std::forward_as_tuple(job.name),
                        std::forward_as_tuple(tokenizer(), options_[job.name]));
    }
  }

  static WindowRequest request(const Job& job, int first_slot) {
    return {"en", job.prompt, {}, job.temperature, 0, first_slot};
  }
  std::unique_ptr<Search> begin(const Job& job, int first_slot) {
    return decoders_.at(job.name).begin(request(job, first_slot));
  }
  std::vector<int> tokens(const Job& job, Search& search) {
    return decoders_.at(job.name).finish(search, request(job, 0)).tokens;
  }
  // What a job finds when nobody else is there.
  std::vector<int> alone(const Job& job) {
    const auto search = begin(job, 0);
    driver_->add(*search);
    while (!driver_->idle())
      if (!driver_->step({})) return {};
    return tokens(job, *search);
  }

  std::shared_ptr<testing::Script> script_ = std::make_shared<testing::Script>();
  TranscriberStats stats_;
  std::unique_ptr<Inference> inference_;
  std::unique_ptr<SearchDriver> driver_;
  std::map<std::string, DecodingOptions> options_;
  std::map<std::string, WindowDecoder> decoders_;
};

TEST_F(SideBySide, EachFindsWhatItFindsAlone) {
  std::vector<std::unique_ptr<Search>> searches;
  std::vector<std::vector<int>> expected;
  for (const Job& job : kJobs) {
    expected.push_back(alone(job));
    EXPECT_GT(expected.back().size(), 3U) << job.name;
  }
  stats_ = {};
  size_t longest = 0;
  for (size_t i = 0; i < std::size(kJobs); ++i) {
    searches.push_back(begin(kJobs[i], static_cast<int>(i) * kSlots));
    driver_->add(*searches.back());
    longest = std::max(longest, expected[i].size());
  }
  while (!driver_->idle()) ASSERT_TRUE(driver_->step({}));
  for (size_t i = 0; i < std::size(kJobs); ++i)
    EXPECT_EQ(tokens(kJobs[i], *searches[i]), expected[i]) << kJobs[i].name;
  // As many steps as the longest needs, whose last token (or end of text) needs none of its own;
  // beams that lost may have gone on a little longer.
  EXPECT_LE(stats_.decode_steps, static_cast<int64_t>(longest) + 8);
}

TEST_F(SideBySide, OneMayComeWhileOthersRun) {
  const std::vector<int> first = alone(kJobs[0]), second = alone(kJobs[1]);
  const auto early = begin(kJobs[0], 0);
  driver_->add(*early);
  ASSERT_TRUE(driver_->step({}));
  ASSERT_TRUE(driver_->step({}));
  const auto late = begin(kJobs[1], kSlots);
  driver_->add(*late);
  while (!driver_->idle()) ASSERT_TRUE(driver_->step({}));
  EXPECT_EQ(tokens(kJobs[0], *early), first);
  EXPECT_EQ(tokens(kJobs[1], *late), second);
}

TEST_F(SideBySide, FinishedOnesAreNamedOnceAndLeave) {
  std::vector<std::unique_ptr<Search>> searches;
  std::map<const Search*, int> named;
  for (size_t i = 0; i < 2; ++i) {
    searches.push_back(begin(kJobs[i], static_cast<int>(i) * kSlots));
    driver_->add(*searches.back());
  }
  while (!driver_->idle()) {
    const auto finished = driver_->step({});
    ASSERT_TRUE(finished);
    for (const Search* search : *finished) {
      EXPECT_TRUE(search->done());
      ++named[search];
    }
  }
  for (const auto& search : searches) EXPECT_EQ(named[search.get()], 1);
}

TEST_F(SideBySide, AFailedStepMovesNoSearch) {
  const std::vector<int> expected = alone(kJobs[1]);
  const auto search = begin(kJobs[1], 0);
  driver_->add(*search);
  ASSERT_TRUE(driver_->step({}));
  ASSERT_TRUE(driver_->step({}));
  script_->fail_at = script_->calls;
  ASSERT_FALSE(driver_->step({}));
  while (!driver_->idle()) ASSERT_TRUE(driver_->step({}));
  EXPECT_EQ(tokens(kJobs[1], *search), expected);
}

class LittleRoom : public SideBySide {
 protected:
  LittleRoom() : SideBySide(160) {}
};

TEST_F(LittleRoom, WhoeverFindsNoneWaits) {
  std::vector<std::vector<int>> expected;
  for (const Job& job : kJobs) expected.push_back(alone(job));
  script_->prompts.clear();
  std::vector<std::unique_ptr<Search>> searches;
  for (size_t i = 0; i < std::size(kJobs); ++i) {
    searches.push_back(begin(kJobs[i], static_cast<int>(i) * kSlots));
    driver_->add(*searches.back());
  }
  // 3 + 6 + 5 rows leave too few for the last one's 154.
  ASSERT_TRUE(driver_->step({}));
  while (!driver_->idle()) ASSERT_TRUE(driver_->step({}));
  for (size_t i = 0; i < std::size(kJobs); ++i)
    EXPECT_EQ(tokens(kJobs[i], *searches[i]), expected[i]) << kJobs[i].name;
}

}  // namespace
}  // namespace npu
