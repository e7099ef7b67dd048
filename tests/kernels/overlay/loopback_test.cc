// SPDX-License-Identifier: LGPL-2.1-or-later
// A core's fifos over locks, and the loopback program.
// The model first: it has what the compiler of cores has.
// clang-format off
#include "dma_model.h"
#include "overlay/loopback_entry.cc"
// clang-format on

#include <gtest/gtest.h>

namespace {

using namespace dma_model;
using kernels::LoopbackDescriptor;
using kernels::LoopbackReport;

Object object(int32_t first_word) {
  Object made(kernels::kObjectBytes, static_cast<int8_t>(first_word));
  std::memcpy(made.data(), &first_word, sizeof first_word);
  return made;
}

class LoopbackTest : public testing::Test {
 protected:
  LoopbackTest() {
    for (int i = 0; i < 100; i++) dma_.a.push_back(object(100 + i));
  }

  // The descriptor, and B objects whose first words count from 1000.
  void operation(const LoopbackDescriptor& descriptor, int b_objects) {
    Object first(kernels::kObjectBytes, 7);
    std::memcpy(first.data(), &descriptor, sizeof descriptor);
    dma_.b.push_back(first);
    for (int i = 0; i < b_objects; i++) dma_.b.push_back(object(1000 + i));
  }

  // Until the core waits for an object that never comes.
  void run() {
    kernels::Loopback loopback(a_, b_, c_, 2);
    EXPECT_THROW(for (;;) loopback.operation(), Starved);
    EXPECT_EQ(dma_.locks[kCFull], 0) << "the last output has left";
  }

  LoopbackReport report(size_t output) const {
    LoopbackReport report;
    std::memcpy(&report, dma_.c.at(output).data(), sizeof report);
    return report;
  }

  int a_taken() const { return 100 - static_cast<int>(dma_.a.size()) - dma_.locks[kAFull]; }

  Dma dma_;
  kernels::DeviceInput a_{{dma_.a_buffers[0], dma_.a_buffers[1]}, kAFull, kAFree};
  kernels::DeviceInput b_{{dma_.b_buffers[0], dma_.b_buffers[1]}, kBFull, kBFree};
  kernels::DeviceOutput c_{{dma_.c_buffer}, kCFree, kCFull};
};

TEST_F(LoopbackTest, TakesAndGivesWhatItsDescriptorSays) {
  operation({LoopbackDescriptor::kMagic, 3, 4, 2, 1, 0}, 12);
  run();
  EXPECT_EQ(a_taken(), 12);
  EXPECT_TRUE(dma_.b.empty());
  EXPECT_EQ(dma_.c.size(), 6u);
}

TEST_F(LoopbackTest, RepeatsTheFirstHalfOfAnInput) {
  operation({LoopbackDescriptor::kMagic, 1, 5, 0, 0, 1}, 0);
  run();
  ASSERT_EQ(dma_.c.size(), 5u);
  for (int n = 0; n < 5; n++) {
    const Object whole = object(100 + n);
    EXPECT_EQ(dma_.c[n], Object(whole.begin(), whole.begin() + CoreMemory::kOutput)) << n;
  }
}

TEST_F(LoopbackTest, ReportsItsRowAndWhatItTook) {
  operation({LoopbackDescriptor::kMagic, 2, 1, 1, 2, 0}, 4);
  run();
  ASSERT_EQ(dma_.c.size(), 2u);
  EXPECT_EQ(report(1).row, 2);
  EXPECT_EQ(report(1).a_objects, 2);
  EXPECT_EQ(report(1).b_objects, 4);
  EXPECT_EQ(report(1).a_words, 100 ^ 101);
  EXPECT_EQ(report(1).b_words, 1000 ^ 1001 ^ 1002 ^ 1003);
  for (size_t i = sizeof(LoopbackReport); i < CoreMemory::kOutput; i++) {
    ASSERT_EQ(dma_.c[1][i], 0) << i;
  }
}

TEST_F(LoopbackTest, CountsAnewFromEachDescriptor) {
  operation({LoopbackDescriptor::kMagic, 1, 5, 0, 0, 0}, 0);
  operation({LoopbackDescriptor::kMagic, 1, 1, 1, 0, 0}, 0);
  run();
  EXPECT_EQ(report(0).a_objects, 1);
  EXPECT_EQ(report(0).a_words, 105);
}

TEST_F(LoopbackTest, IgnoresAnObjectThatIsNoDescriptor) {
  operation({0, 3, 4, 2, 1, 0}, 0);
  run();
  EXPECT_EQ(a_taken(), 0);
  EXPECT_TRUE(dma_.c.empty());
}

TEST_F(LoopbackTest, WaitsForAnInputThatIsMissing) {
  dma_.a.clear();
  operation({LoopbackDescriptor::kMagic, 1, 1, 1, 0, 0}, 0);
  run();
  EXPECT_TRUE(dma_.c.empty());
}

TEST_F(LoopbackTest, EntryFindsItsFifosByTheirPlaces) {
  const CoreData core;
  if (!core.there()) GTEST_SKIP() << "the address of a core's memory is not to be had";
  const int32_t a[] = {3328, 40960}, b[] = {16384, 53248}, c = 12288;
  for (int i = 0; i < 2; i++) dma_.a_buffers[i] = kernels::own_memory(a[i]);
  for (int i = 0; i < 2; i++) dma_.b_buffers[i] = kernels::own_memory(b[i]);
  dma_.c_buffer = kernels::own_memory(c);
  operation({LoopbackDescriptor::kMagic, 2, 3, 1, 1, 1}, 6);
  EXPECT_THROW(npu_core_main(3, a[0], a[1], kAFull, kAFree, b[0], b[1], kBFull, kBFree, c, kCFull,
                             kCFree, nullptr, nullptr, nullptr),
               Starved);
  ASSERT_EQ(dma_.c.size(), 8u);
  EXPECT_EQ(report(7).row, 3);
  EXPECT_EQ(report(7).a_objects, 6);
  EXPECT_EQ(report(7).b_objects, 6);
}

}  // namespace
