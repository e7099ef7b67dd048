// SPDX-License-Identifier: LGPL-2.1-or-later
// A real file through the real element: seeks, state cycles and a stop in the middle of inference
// change nothing about the text.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "corpus.h"
#include "file_pipeline.h"

namespace {

using npu::testing::Cue;
using npu::testing::FilePipeline;

class RealFile : public testing::Test {
 protected:
  void SetUp() override {
    if (npu::testing::whisper_properties().empty()) GTEST_SKIP() << "the base model is not there";
    reference_ = play();
    ASSERT_FALSE(reference_.empty());
  }

  static std::vector<Cue> play() {
    FilePipeline pipeline;
    pipeline.set_state(GST_STATE_PLAYING);
    EXPECT_TRUE(pipeline.finish());
    return pipeline.take_cues();
  }

  std::vector<Cue> reference_;
};

// How often something is done: a few times, or as often as the environment says (in suite full).
int repetitions(const char* variable, int few) {
  const std::string number = npu::testing::environment(variable);
  return number.empty() ? few : std::stoi(number);
}

TEST_F(RealFile, SeeksToRandomPlacesAndBackGiveTheSameCues) {
  FilePipeline pipeline;
  pipeline.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(pipeline.wait_for_model());
  std::mt19937 random(20240811);
  std::uniform_int_distribution<GstClockTime> place(0, 10 * GST_SECOND);
  pipeline.set_state(GST_STATE_PLAYING);
  const int seeks = repetitions("NPUWHISPER_TEST_SEEKS", 5);
  for (int count = 0; count < seeks; ++count) {
    // Half of the seeks meet the element in inference, the others while it takes audio.
    if (count % 2 == 0) pipeline.wait_for_inference();
    ASSERT_TRUE(pipeline.seek(place(random))) << count;
  }
  ASSERT_TRUE(pipeline.seek(0));
  pipeline.forget_messages();
  ASSERT_TRUE(pipeline.finish());
  EXPECT_EQ(pipeline.take_cues(), reference_);
}

TEST_F(RealFile, StateCyclesGiveTheSameCues) {
  FilePipeline pipeline;
  const int cycles = repetitions("NPUWHISPER_TEST_CYCLES", 3);
  for (int cycle = 0; cycle < cycles; ++cycle) {
    pipeline.set_state(GST_STATE_PLAYING);
    ASSERT_TRUE(pipeline.finish());
    EXPECT_EQ(pipeline.take_cues(), reference_) << cycle;
    pipeline.set_state(GST_STATE_READY);
  }
}

TEST_F(RealFile, StopInTheMiddleOfInferenceLeavesAPipelineThatWorks) {
  FilePipeline pipeline;
  for (const GstState state : {GST_STATE_READY, GST_STATE_NULL}) {
    pipeline.set_state(GST_STATE_PLAYING);
    // In NULL the model goes, and is loaded again; in READY it stays.
    ASSERT_TRUE(pipeline.wait_for_model());
    const gint64 began_us = g_get_monotonic_time();
    pipeline.set_state(state);
    const double took_ms = static_cast<double>(g_get_monotonic_time() - began_us) / 1e3;
    RecordProperty("stop_ms", std::to_string(took_ms));
    std::printf("%s reached after %.0f ms\n", gst_element_state_get_name(state), took_ms);
    pipeline.take_cues();
    if (state == GST_STATE_READY) pipeline.set_state(GST_STATE_NULL);
  }
  pipeline.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(pipeline.finish());
  EXPECT_EQ(pipeline.take_cues(), reference_);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gst_init(&argc, &argv);
  return RUN_ALL_TESTS();
}
