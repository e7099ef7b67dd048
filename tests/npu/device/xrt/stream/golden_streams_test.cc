// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of the writer are those of mlir-aie, for the same tasks.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "corpus.h"
#include "device/xrt/stream/stream_writer.h"

namespace npu::array {
namespace {

std::vector<uint32_t> golden(const std::string& name) {
  std::ifstream file(testing::data_folder() / "npu" / (name + ".hex"));
  EXPECT_TRUE(file) << name;
  std::vector<uint32_t> words;
  for (std::string line; std::getline(file, line);) {
    words.push_back(static_cast<uint32_t>(std::stoul(line, nullptr, 16)));
  }
  return words;
}

void expect_same(const std::vector<uint32_t>& words, const std::vector<uint32_t>& wanted) {
  ASSERT_EQ(words.size(), wanted.size());
  for (size_t i = 0; i < words.size(); ++i) {
    ASSERT_EQ(words[i], wanted[i]) << "word " << i;
  }
}

template <typename T>
T must(Result<T> result) {
  if (!result) ADD_FAILURE() << result.error().message;
  return *std::move(result);
}

void await(StreamWriter& writer, const Channel& channel) {
  const Result<void> done = writer.await(channel);
  if (!done) ADD_FAILURE() << done.error().message;
}

void retire(StreamWriter& writer, const TaskId& task) {
  const Result<void> done = writer.retire(task);
  if (!done) ADD_FAILURE() << done.error().message;
}

ShimBd linear(unsigned argument, uint64_t first_word, uint32_t length) {
  return {.place = {argument, first_word * 4}, .length = length};
}

ShimBd strided(unsigned argument, uint64_t first_word, uint32_t length, uint32_t tiles,
               uint32_t row_step, Dimension iteration) {
  return {.place = {argument, first_word * 4},
          .length = length,
          .d0 = {512, 1},
          .d1 = {tiles, 512},
          .d2_step = row_step,
          .iteration = iteration};
}

// A product of 1536 rows, K = 512, N = 512.
TEST(GoldenStreams, AProductOnTheWholeArray) {
  StreamWriter writer;
  std::vector<TaskId> read;
  for (unsigned i = 0; i < kColumns; ++i) {
    const ShimBd c = strided(2, i * 1024, 24 * 1024, 2, 8192, {2, 4096});
    must(writer.start({c_channel(i), {c}, 2, true}));
    const ShimBd a = strided(0, i * 8192, 6 * 8192, 16, 4 * 8192, {});
    read.push_back(must(writer.start({a_channel(i), {a}, 2, false})));
    std::vector<ShimBd> chain{linear(1, i * 10240, 2048)};
    chain.resize(7, linear(1, i * 10240 + 2048, 8192));
    for (ShimBd& bd : chain) bd.iteration = {2, 40960};
    read.push_back(must(writer.start({b_channel(i), chain, 2, false})));
  }
  for (unsigned i = 0; i < kColumns; ++i) await(writer, c_channel(i));
  for (const TaskId& task : read) retire(writer, task);
  expect_same(must(writer.finish()), golden("gemm"));
}

TEST(GoldenStreams, QueriesBlocksOfACacheAndAResidualStream) {
  StreamWriter writer;
  const ShimBd q = strided(0, 8192, 24576, 8, 32768, {2, 4096});
  const TaskId a = must(writer.start({a_channel(1), {q}, 2, false}));
  const ShimBd kv = strided(2, 1024, 24576, 2, 2048, {2, 196608});
  must(writer.start({c_channel(1), {kv}, 2, true}));
  const std::vector<ShimBd> halves{strided(2, 2048, 4096, 2, 16384, {6, 65536}),
                                   strided(2, 3072, 4096, 2, 16384, {6, 65536})};
  must(writer.start({c_channel(2), halves, 6, true}));
  await(writer, c_channel(1));
  await(writer, c_channel(2));
  retire(writer, a);
  expect_same(must(writer.finish()), golden("attention"));
}

TEST(GoldenStreams, BuffersOnBothSidesOfTheFifthArgument) {
  StreamWriter writer;
  must(writer.start({a_channel(0), {linear(4, 16, 2048)}, 1, true}));
  must(writer.start({b_channel(0), {linear(5, 16, 2048)}, 1, true}));
  must(writer.start({b_channel(1), {linear(6, 0, 2048)}, 1, true}));
  await(writer, a_channel(0));
  await(writer, b_channel(0));
  await(writer, b_channel(1));
  expect_same(must(writer.finish()), golden("arguments"));
}

}  // namespace
}  // namespace npu::array
