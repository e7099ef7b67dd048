// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements of one process that name the same model have one copy of it.
#include <gst/gst.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "corpus.h"
#include "file_pipeline.h"

namespace {

using npu::testing::FilePipeline;

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double model_mb() {
  return static_cast<double>(std::filesystem::file_size(npu::testing::base_model() / "model.bin")) /
         1e6;
}

TEST(Sharing, ASecondElementBringsItsBuffersButNoWeights) {
  if (npu::testing::base_model().empty()) GTEST_SKIP() << "the base model is not there";
  FilePipeline first;
  const double empty_mb = resident_mb();
  first.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(first.finish());
  const double one_mb = resident_mb();
  FilePipeline second;
  second.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(second.finish());
  const double two_mb = resident_mb();
  std::printf("resident: %.0f MB empty, %.0f MB with one element, %.0f MB with two\n", empty_mb,
              one_mb, two_mb);
  EXPECT_GT(one_mb - empty_mb, model_mb() / 2);
  EXPECT_LT(two_mb - one_mb, model_mb());
}

class SharingInMode : public testing::TestWithParam<const char*> {};

TEST_P(SharingInMode, TwoElementsAtOnceGiveTheSameCues) {
  if (npu::testing::whisper_properties().empty()) GTEST_SKIP() << "the base model is not there";
  FilePipeline alone(GetParam());
  alone.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(alone.finish());
  const std::vector<npu::testing::Cue> cues = alone.take_cues();
  EXPECT_FALSE(cues.empty());
  FilePipeline first(GetParam());
  FilePipeline second(GetParam());
  first.set_state(GST_STATE_PLAYING);
  second.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(first.finish());
  ASSERT_TRUE(second.finish());
  EXPECT_EQ(first.take_cues(), cues);
  EXPECT_EQ(second.take_cues(), cues);
}

TEST_P(SharingInMode, OneThatStopsOrSeeksTakesNothingFromTheOther) {
  if (npu::testing::whisper_properties().empty()) GTEST_SKIP() << "the base model is not there";
  std::vector<npu::testing::Cue> cues;
  for (const bool stops : {true, false}) {
    FilePipeline first(GetParam());
    FilePipeline second(GetParam());
    first.set_state(GST_STATE_PLAYING);
    second.set_state(GST_STATE_PLAYING);
    first.wait_for_inference();
    if (stops)
      first.set_state(GST_STATE_NULL);
    else
      ASSERT_TRUE(first.seek(0));
    ASSERT_TRUE(second.finish());
    const auto found = second.take_cues();
    EXPECT_FALSE(found.empty());
    if (stops) {
      cues = found;
      continue;
    }
    EXPECT_EQ(found, cues);
    ASSERT_TRUE(first.finish());
    EXPECT_EQ(first.take_cues(), cues);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, SharingInMode, testing::Values("mode=file", "mode=batch"));

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gst_init(&argc, &argv);
  return RUN_ALL_TESTS();
}
