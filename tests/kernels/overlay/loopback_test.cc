// SPDX-License-Identifier: LGPL-2.1-or-later
// The loopback program under a loop of the form of core_loop.py.
#include "overlay/loopback.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "overlay/core_steps.h"

namespace {

using kernels::CoreMemory;
using kernels::LoopbackDescriptor;
using kernels::LoopbackReport;
using kernels::LoopCounts;

using Object = std::vector<int8_t>;

class Core {
 public:
  Core() {
    std::memset(scratch_, 0xa5, sizeof scratch_);
    std::memset(parameters_, 0xa5, sizeof parameters_);
    std::memset(table_, 0xa5, sizeof table_);
  }

  // One trip of the loop; objects whose first word counts from 100 (A) and 1000 (B).
  void run(const LoopbackDescriptor& descriptor) {
    Object first(kernels::kObjectBytes, 7);
    std::memcpy(first.data(), &descriptor, sizeof descriptor);
    npu_core_begin(first.data(), 2, 3, scratch_, parameters_, table_);
    for (int pass = 0; pass < counts().passes; pass++) {
      npu_core_pass(scratch_, parameters_, table_);
      const int inputs = counts().inputs;
      for (int input = 0; input < inputs; input++) take_input();
      const int at_the_end = counts().outputs;
      for (int output = 0; output < at_the_end; output++)
        npu_core_c(new_output(), scratch_, parameters_, table_);
    }
  }

  int a_objects = 0, b_objects = 0;
  std::vector<Object> outputs;

 private:
  LoopCounts counts() const {
    LoopCounts counts;
    std::memcpy(&counts, parameters_, sizeof counts);
    return counts;
  }

  static Object object(int32_t first_word) {
    Object made(kernels::kObjectBytes, static_cast<int8_t>(first_word));
    std::memcpy(made.data(), &first_word, sizeof first_word);
    return made;
  }

  int8_t* new_output() { return outputs.emplace_back(CoreMemory::kOutput, int8_t{0x5a}).data(); }

  void take_input() {
    const Object a = object(100 + a_objects++);
    npu_core_a(a.data(), scratch_, parameters_, table_);
    const LoopCounts now = counts();
    for (int n = 0; n < now.b_per_input; n++)
      npu_core_ab(a.data(), object(1000 + b_objects++).data(), scratch_, parameters_, table_);
    for (int n = 0; n < now.c_per_input; n++)
      npu_core_ac(a.data(), new_output(), scratch_, parameters_, table_);
  }

  alignas(32) int32_t scratch_[CoreMemory::kScratch / 4];
  alignas(32) int32_t parameters_[CoreMemory::kParameters / 4];
  alignas(32) int8_t table_[CoreMemory::kTable];
};

LoopbackReport report_of(const Object& output) {
  LoopbackReport report;
  std::memcpy(&report, output.data(), sizeof report);
  return report;
}

TEST(Loopback, TakesAndGivesWhatItsDescriptorSays) {
  Core core;
  core.run({LoopbackDescriptor::kMagic, 3, 4, 2, 1, 0});
  EXPECT_EQ(core.a_objects, 12);
  EXPECT_EQ(core.b_objects, 12);
  EXPECT_EQ(core.outputs.size(), 6u);
}

TEST(Loopback, RepeatsTheFirstHalfOfAnInput) {
  Core core;
  core.run({LoopbackDescriptor::kMagic, 1, 2, 0, 0, 1});
  ASSERT_EQ(core.outputs.size(), 2u);
  for (int n = 0; n < 2; n++) {
    const Object& output = core.outputs[n];
    EXPECT_EQ(report_of(output).row, 100 + n);  // the first word
    for (size_t i = 4; i < output.size(); i++) ASSERT_EQ(output[i], 100 + n) << i;
  }
}

TEST(Loopback, ReportsItsPlaceAndWhatItTook) {
  Core core;
  core.run({LoopbackDescriptor::kMagic, 2, 1, 1, 2, 0});
  ASSERT_EQ(core.outputs.size(), 2u);
  const LoopbackReport report = report_of(core.outputs[1]);
  EXPECT_EQ(report.row, 2);
  EXPECT_EQ(report.column, 3);
  EXPECT_EQ(report.a_objects, 2);
  EXPECT_EQ(report.b_objects, 4);
  EXPECT_EQ(report.a_words, 100 ^ 101);
  EXPECT_EQ(report.b_words, 1000 ^ 1001 ^ 1002 ^ 1003);
  for (size_t i = sizeof report; i < CoreMemory::kOutput; i++)
    ASSERT_EQ(core.outputs[1][i], 0) << i;
}

TEST(Loopback, CountsAnewFromEachDescriptor) {
  Core core;
  core.run({LoopbackDescriptor::kMagic, 1, 5, 0, 0, 0});
  core.run({LoopbackDescriptor::kMagic, 1, 1, 1, 0, 0});
  EXPECT_EQ(report_of(core.outputs.at(0)).a_objects, 1);
}

TEST(Loopback, IgnoresAnObjectThatIsNoDescriptor) {
  Core core;
  core.run({0, 3, 4, 2, 1, 0});
  EXPECT_EQ(core.a_objects, 0);
  EXPECT_TRUE(core.outputs.empty());
}

}  // namespace
