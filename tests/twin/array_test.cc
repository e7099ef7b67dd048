// SPDX-License-Identifier: LGPL-2.1-or-later
// What the array computes and reports of streams that are right.
#include "array.h"

#include <gtest/gtest.h>

#include <fstream>

#include "corpus.h"
#include "test_product.h"
#include "test_stream.h"

namespace npu::twin::testing {
namespace {

TEST(Array, AnEmptyStreamRunsToItsEnd) {
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(TestStream().words(), {});
  EXPECT_FALSE(report.fault) << report.fault->message;
  EXPECT_TRUE(report.channels.empty());
}

TEST(Array, AProductOfOneTileEqualsPlainIntegers) {
  const Product product(64, 384, 64, 1);
  TestMemory memory;
  const Arguments at = place(product, &memory);
  TestStream stream;
  write_tasks(product, at, &stream);
  write_waits(&stream, 1);
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(stream.words(), memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  EXPECT_EQ(difference(product, memory.bytes(at.c)), "");
}

struct Shape {
  const char* name;
  unsigned m, k, n;
};

class ArrayProduct : public ::testing::TestWithParam<Shape> {};

TEST_P(ArrayProduct, EqualsPlainIntegersInAnyOrderOfSteps) {
  const Shape& shape = GetParam();
  const Product product(shape.m, shape.k, shape.n, shape.m + shape.k + shape.n);
  Array array({}, kernels::Program::kWhole);
  for (uint32_t seed = 0; seed < 4; ++seed) {
    TestMemory memory;
    const Arguments at = place(product, &memory);
    TestStream stream;
    write_tasks(product, at, &stream);
    write_waits(&stream, std::min(product.n / 64, kColumns));
    const Report report = array.run(stream.words(), memory.buffers(), {seed, seed > 0});
    ASSERT_FALSE(report.fault) << report.fault->message;
    ASSERT_EQ(difference(product, memory.bytes(at.c)), "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Array, ArrayProduct,
                         ::testing::Values(Shape{"OneRound", 256, 256, 256},
                                           Shape{"SeveralRoundsAndTiles", 512, 384, 512},
                                           Shape{"RowsOfSomeCores", 384, 128, 256},
                                           Shape{"ColumnsThatPass", 64, 384, 320}),
                         [](const auto& shape) { return shape.param.name; });

// The product for which mlir-aie wrote its stream; A, B and C are arguments 0, 1 and 2.
TEST(Array, TheStreamOfTheToolchainComputesItsProduct) {
  std::ifstream file(npu::testing::corpus_folder() / "golden" / "npu" / "gemm.hex");
  if (npu::testing::corpus_folder().empty() || !file) GTEST_SKIP() << "no corpus with golden/npu";
  std::vector<uint32_t> words;
  for (std::string line; file >> line;) {
    words.push_back(static_cast<uint32_t>(std::stoul(line, nullptr, 16)));
  }
  const Product product(1536, 512, 512, 3);
  TestMemory memory;
  memory.add(product.a), memory.add(product.b_by_tile());
  const uint32_t c = memory.add(product.wanted.size());
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(words, memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  EXPECT_EQ(difference(product, memory.bytes(c)), "");
}

TEST(Array, CountsWhatWentThrough) {
  const Product product(384, 384, 512, 9);
  TestMemory memory;
  const Arguments at = place(product, &memory);
  TestStream stream;
  write_tasks(product, at, &stream);
  write_waits(&stream);
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(stream.words(), memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  // 2 N tiles a column; rows 0 and 1 have two tiles of 3 objects, rows 2 and 3 one.
  EXPECT_EQ(report.a_objects, (std::vector<uint64_t>{12, 12, 6, 6}));
  EXPECT_EQ(report.b_objects, std::vector<uint64_t>(4, 2 * (1 + 2 * 3)));
  EXPECT_EQ(report.c_objects, std::vector<uint64_t>(4, 2 * 2 * 4));
  ASSERT_EQ(report.channels.size(), 12u);
  EXPECT_EQ(report.channels[0].bytes, 12 * 8192u);
  EXPECT_EQ(report.channels[1].tasks, 1u);
  ASSERT_EQ(report.cores.size(), 16u);
  ASSERT_EQ(report.cores[2].size(), 2u);
  EXPECT_EQ(report.cores[2][1].a, 3u);
  EXPECT_EQ(report.cores[2][1].b, 7u);
  EXPECT_EQ(report.cores[2][1].c, 2u);
}

// Whatever the words are, a run ends, and the next one does not notice.
TEST(Array, AFlippedBitEndsInAFaultOrARunAndLeavesNothing) {
  const Product product(64, 384, 64, 21);
  TestMemory memory;
  const Arguments at = place(product, &memory);
  TestStream stream;
  write_tasks(product, at, &stream);
  write_waits(&stream, 1);
  const std::vector<uint32_t> good = stream.words();
  Array array({}, kernels::Program::kEncoder);
  size_t refused = 0;
  constexpr size_t kRuns = 300;
  for (size_t i = 0; i < kRuns; ++i) {
    std::vector<uint32_t> words = good;
    words[i * 7919 % words.size()] ^= 1u << i * 5 % 32;
    refused += array.run(words, memory.buffers()).fault.has_value();
    if (i % 50 != 49) continue;
    const Report report = array.run(good, memory.buffers());
    ASSERT_FALSE(report.fault) << report.fault->message;
    ASSERT_EQ(difference(product, memory.bytes(at.c)), "");
  }
  // The others name other words of the buffers, or change what does nothing.
  EXPECT_GT(refused, kRuns * 3 / 4);
}

}  // namespace
}  // namespace npu::twin::testing
