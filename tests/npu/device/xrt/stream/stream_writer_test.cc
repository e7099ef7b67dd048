// SPDX-License-Identifier: LGPL-2.1-or-later
// What the writer refuses, since the device would not.
#include "device/xrt/stream/stream_writer.h"

#include <gtest/gtest.h>

namespace npu::array {
namespace {

Task task(const Channel& channel, size_t bds, bool token) {
  return {channel, std::vector<ShimBd>(bds, ShimBd{.length = 16}), 1, token};
}

template <typename T>
void expect_refused(const Result<T>& result, ErrorCode code, const std::string& message) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
  EXPECT_EQ(result.error().message, "instruction stream: shim 1, " + message);
}

constexpr size_t kHeader = 4, kPush = 6, kMask = 7, kWait = 4, kBd = 12 + 12;

TEST(StreamWriter, AnEmptyStreamIsItsHeader) {
  const Result<std::vector<uint32_t>> words = StreamWriter().finish();
  ASSERT_TRUE(words);
  EXPECT_EQ(*words, (std::vector<uint32_t>{0x0603'0100, 0x0104, 0, 16}));
}

TEST(StreamWriter, RefusesAFifthTaskOnAChannel) {
  StreamWriter writer;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(writer.start(task(b_channel(1), 1, true)));
  expect_refused(writer.start(task(b_channel(1), 1, true)), ErrorCode::kInternal,
                 "MM2S 1: tasks in flight: expected at most 4, found one more; the queue would "
                 "drop it");
  EXPECT_TRUE(writer.start(task(a_channel(1), 1, true)));
  ASSERT_TRUE(writer.await(b_channel(1)));
  EXPECT_TRUE(writer.start(task(b_channel(1), 1, true)));
}

TEST(StreamWriter, RefusesToRewriteADescriptorInUse) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(b_channel(1), 13, true)));
  ASSERT_TRUE(writer.start(task(a_channel(1), 2, false)));
  const std::string message =
      "S2MM 0: free descriptors: expected 2, found 1; a task that uses others must be awaited "
      "first";
  expect_refused(writer.start(task(c_channel(1), 2, true)), ErrorCode::kInternal, message);
  EXPECT_TRUE(writer.start(task(c_channel(2), 16, true))) << "shims have descriptors of their own";
  ASSERT_TRUE(writer.await(b_channel(1)));
  EXPECT_EQ(writer.free_bds(1), 14u);
  EXPECT_TRUE(writer.start(task(c_channel(1), 2, true)));
}

TEST(StreamWriter, APreparedTaskHasItsDescriptorsAndNoPlaceInAQueue) {
  StreamWriter writer;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(writer.start(task(b_channel(1), 1, true)));
  Result<PreparedTask> prepared = writer.prepare(task(b_channel(1), 3, false));
  ASSERT_TRUE(prepared);
  EXPECT_EQ(writer.free_bds(1), 9u);
  expect_refused(writer.start(*prepared), ErrorCode::kInternal,
                 "MM2S 1: tasks in flight: expected at most 4, found one more; the queue would "
                 "drop it");
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(writer.await(b_channel(1)));
  EXPECT_EQ(writer.free_bds(1), 13u);
  EXPECT_EQ(writer.finish().error().message,
            "instruction stream: tasks that are prepared and not started: expected 0, found 1");
  const Result<TaskId> started = writer.start(*std::move(prepared));
  ASSERT_TRUE(started);
  ASSERT_TRUE(writer.retire(*started));
  EXPECT_TRUE(writer.finish());
}

TEST(StreamWriter, WritesTheLowestFreeDescriptors) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(b_channel(1), 1, true)));
  ASSERT_TRUE(writer.start(task(a_channel(1), 1, true)));
  ASSERT_TRUE(writer.await(b_channel(1)));
  ASSERT_TRUE(writer.start(task(c_channel(1), 2, true)));
  ASSERT_TRUE(writer.await(a_channel(1)));
  ASSERT_TRUE(writer.await(c_channel(1)));
  const std::vector<uint32_t> words = *writer.finish();
  const size_t third = kHeader + 2 * (kBd + kMask + kPush) + kWait;
  EXPECT_EQ(words[third + 2], 0x0201'D000u);                    // BD 0, free again
  EXPECT_EQ(words[third + 4 + 7], 0x1600'0000u);                // valid, next is BD 2
  EXPECT_EQ(words[third + kBd + 2], 0x0201'D040u);              // BD 2
  EXPECT_EQ(words[third + kBd + 4 + 7], 0x0200'0000u);          // valid, the last
  EXPECT_EQ(words[third + 2 * kBd + kMask + 4], 0x8000'0000u);  // token, begins with BD 0
}

TEST(StreamWriter, RefusesAWaitWithoutAToken) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(a_channel(1), 1, false)));
  expect_refused(writer.await(a_channel(1)), ErrorCode::kInternal,
                 "MM2S 0: tokens on their way: expected 1, found 0; the wait would never end");
}

TEST(StreamWriter, AWaitIsForTheTasksBeforeItsTokenToo) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(b_channel(1), 3, false)));
  ASSERT_TRUE(writer.start(task(b_channel(1), 4, true)));
  ASSERT_TRUE(writer.start(task(b_channel(1), 5, true)));
  ASSERT_TRUE(writer.await(b_channel(1)));
  EXPECT_EQ(writer.free_bds(1), 11u);
  EXPECT_EQ(writer.in_flight(b_channel(1)), 1u);
  ASSERT_TRUE(writer.await(b_channel(1)));
  EXPECT_EQ(writer.free_bds(1), 16u);
}

TEST(StreamWriter, RefusesTheEndBeforeAllTokensCame) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(c_channel(1), 1, true)));
  ASSERT_TRUE(writer.start(task(c_channel(1), 1, true)));
  ASSERT_TRUE(writer.await(c_channel(1)));
  expect_refused(writer.finish(), ErrorCode::kInternal,
                 "S2MM 0: tasks in flight at the end: expected 0, found 1; await or retire them");
  ASSERT_TRUE(writer.await(c_channel(1)));
  EXPECT_TRUE(writer.finish());
}

TEST(StreamWriter, ATaskWithATokenIsNotRetired) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(b_channel(1), 1, true)));
  const Result<TaskId> second = writer.start(task(b_channel(1), 1, false));
  expect_refused(writer.retire(*second), ErrorCode::kInternal,
                 "MM2S 1: a task is said to be done whose token was not waited for");
  ASSERT_TRUE(writer.await(b_channel(1)));
  ASSERT_TRUE(writer.retire(*second));
  EXPECT_TRUE(writer.retire(*second)) << "done already";
  EXPECT_TRUE(writer.finish());
}

TEST(StreamWriter, TheControllerIdIsWrittenBeforeEachTaskWithAToken) {
  StreamWriter writer(0x1F);
  const Result<TaskId> without = writer.start(task(a_channel(1), 1, false));
  ASSERT_TRUE(writer.start(task(c_channel(1), 1, true)));
  ASSERT_TRUE(writer.await(c_channel(1)));
  ASSERT_TRUE(writer.retire(*without));
  const std::vector<uint32_t> words = *writer.finish();
  const size_t mask = kHeader + kBd + kPush + kBd;
  ASSERT_EQ(words.size(), mask + kMask + kPush + kWait);
  const std::vector<uint32_t> wanted{3, 0, 0x0201'D200, 0, 0x1F00, 0x1F00, 28};
  EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), words.begin() + mask));
}

TEST(StreamWriter, RefusesAControllerIdOfMoreThanFiveBits) {
  const Result<TaskId> started = StreamWriter(0x20).start(task(c_channel(1), 1, true));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "instruction stream: controller id of the shims: expected at most 31, found 32");
}

struct Bad {
  const char* name;
  void (*change)(Task&);
  const char* message;
};

const Bad kBad[] = {
    {"NoRepeats", [](Task& task) { task.repeats = 0; },
     "shim 1, MM2S 1: repeats: expected 1 to 256, found 0"},
    {"Repeats", [](Task& task) { task.repeats = 257; },
     "shim 1, MM2S 1: repeats: expected 1 to 256, found 257"},
    {"NoChain", [](Task& task) { task.chain.clear(); },
     "shim 1, MM2S 1: descriptors of a task: expected 1 to 16, found 0"},
    {"Chain", [](Task& task) { task.chain.resize(17); },
     "shim 1, MM2S 1: descriptors of a task: expected 1 to 16, found 17"},
    {"Column", [](Task& task) { task.channel.column = 4; },
     "shim 4, MM2S 1: column: expected 0 to 3, found 4"},
    {"Channel", [](Task& task) { task.channel.index = 2; },
     "shim 1, MM2S 2: channel: expected 0 to 1, found 2"},
};

class BadTask : public testing::TestWithParam<Bad> {};

TEST_P(BadTask, IsRefusedAndNothingIsWritten) {
  Task changed = task(b_channel(1), 16, false);
  changed.repeats = 256;
  StreamWriter writer;
  GetParam().change(changed);
  const Result<TaskId> started = writer.start(changed);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(started.error().message, std::string("instruction stream: ") + GetParam().message);
  EXPECT_EQ(writer.finish()->size(), kHeader);
}
INSTANTIATE_TEST_SUITE_P(Fields, BadTask, testing::ValuesIn(kBad),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(StreamWriter, ABadDescriptorInAChainLeavesNothingBehind) {
  StreamWriter writer;
  Task bad = task(b_channel(1), 3, false);
  bad.chain[2].length = 0;
  EXPECT_FALSE(writer.start(bad));
  EXPECT_EQ(writer.free_bds(1), 16u);
  EXPECT_EQ(writer.finish()->size(), kHeader);
  EXPECT_TRUE(writer.start(task(b_channel(1), 16, false)));
}

TEST(StreamWriter, TheHeaderCountsOperationsAndBytes) {
  StreamWriter writer;
  ASSERT_TRUE(writer.start(task(c_channel(1), 2, true)));
  ASSERT_TRUE(writer.await(c_channel(1)));
  const std::vector<uint32_t> words = *writer.finish();
  EXPECT_EQ(words[2], 2 * 2 + 3u);  // two BDs with their patches; controller id, push, wait
  EXPECT_EQ(words[3], words.size() * 4);
}

}  // namespace
}  // namespace npu::array
