// SPDX-License-Identifier: LGPL-2.1-or-later
// The arithmetic of predictions, against that of docs/npu.md.
#include "estimate.h"

#include <gtest/gtest.h>

#include "test_product.h"
#include "test_stream.h"

namespace npu::twin::testing {
namespace {

CoreOperation operation(kernels::Op op, uint32_t rows, uint16_t tiles, uint16_t count) {
  return {empty_descriptor(op, rows, tiles, count).head};
}

TEST(Estimate, ATileOfAProductTakesWhatTheTableOfCyclesSays) {
  Costs costs;
  costs.descriptor = 0;
  CoreOperation product = operation(kernels::Op::kMatmul, 64, 1, 4);
  product.head.epilogue = kernels::Epilogue::kI8;
  EXPECT_EQ(core_cycles(product, 0, costs), 4 * 3136 + 2048);
  EXPECT_EQ(core_cycles(product, 1, costs), 0) << "no valid rows";
  product.head.flags = kernels::kFineInput;
  EXPECT_EQ(core_cycles(product, 0, costs), 8 * 3136 + 2048);
  product.head.rows = 16;
  EXPECT_EQ(core_cycles(product, 0, costs), 8 * 784 + 512);
  // 24 blocks at 9,800 and the end at 10,000.
  EXPECT_EQ(core_cycles(operation(kernels::Op::kAttention, 64, 1, 24), 0, costs),
            24 * 9800 + 10000);
  // Sums 8 x 1,150, rows 64 x 150, two tiles of 2,816.
  EXPECT_EQ(core_cycles(operation(kernels::Op::kLayerNorm, 64, 1, 8), 0, costs),
            9200 + 9600 + 5632);
}

TEST(Estimate, EveryOperationHasItsCosts) {
  using kernels::Epilogue;
  struct EpilogueCase {
    Epilogue epilogue;
    double cycles;  // of 16 rows
  };
  const EpilogueCase cases[] = {{Epilogue::kV, 512},        {Epilogue::kRows, 512},
                                {Epilogue::kGelu, 1536},    {Epilogue::kGeluFine, 1536},
                                {Epilogue::kGeluAdd, 1696}, {Epilogue::kResidual, 575},
                                {Epilogue::kTopK, 1536}};
  for (const EpilogueCase& of : cases) {
    CoreOperation product = operation(kernels::Op::kMatmul, 16, 1, 1);
    product.head.epilogue = of.epilogue;
    EXPECT_EQ(core_cycles(product, 0), 292 + 784 + of.cycles) << static_cast<int>(of.epilogue);
  }
  EXPECT_EQ(core_cycles(operation(kernels::Op::kPass, 16, 1, 4), 0), 292);
  EXPECT_EQ(core_cycles(operation(kernels::Op::kCombine, 16, 1, 6), 0), 292 + 6 * 160 + 2500);
  EXPECT_EQ(core_cycles(operation(kernels::Op::kAlignment, 16, 1, 3), 0), 292 + 3 * 592);
  EXPECT_EQ(core_cycles(operation(kernels::Op::kAdd, 64, 1, 1), 0), 292 + 4 * 160);
}

TEST(Estimate, EachDependentStepIsPredictedByItself) {
  const Product product(256, 256, 512, 5);
  TestMemory memory;
  const Arguments at = place(product, &memory);
  TestStream stream;
  write_tasks(product, at, &stream);
  write_waits(&stream);
  const size_t first = stream.operations();
  write_tasks(product, at, &stream);
  write_waits(&stream);
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(stream.words(), memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  const std::vector<Prediction> predicted = predict(report);
  ASSERT_EQ(predicted.size(), 2u);
  EXPECT_EQ(predicted[0].end, first);
  EXPECT_EQ(predicted[1].first, first);
  EXPECT_EQ(predicted[1].end, stream.operations());
  for (const Prediction& of : predicted) {
    EXPECT_EQ(of.what, "8 product");
    // A shim: 4 descriptors, 3 tasks, 1 control.
    EXPECT_EQ(of.controller, 4 * (4 * (203 + 100) + 210) + 3050 + 11 * 520);
    EXPECT_EQ(of.cores, 2 * (292 + 2 * 3136 + 2048));
    // B: two N tiles of a descriptor and two objects.
    EXPECT_DOUBLE_EQ(of.streams, 2 * 3 * 2048 / 0.95);
    const double bytes = 4 * (4 * 8192 + 6 * 8192 + 8 * 4096);
    EXPECT_DOUBLE_EQ(of.memory, bytes / 20);
    // All but B of column 3 is started before the last A; then the memory, and behind it a pair and
    // its epilogue.
    const double before = 14 * (203 + 100) + 4 * 210 + 3050 + 10 * 520;
    EXPECT_DOUBLE_EQ(of.total, before + 1200 + of.memory + 4 * (784 + 512));
    EXPECT_EQ(of.prefetched, 0);
  }
  const std::string text = to_text(predicted);
  EXPECT_NE(text.find("(8 product): predicted "), std::string::npos) << text;
  EXPECT_NE(text.find("with the launch: predicted "), std::string::npos) << text;
}

// Four columns: so many words of A, B and C each.
Step step(uint64_t a, uint64_t b, uint64_t c, uint64_t early_b, double cores) {
  Step made{};
  for (int column = 0; column < 4; ++column) {
    for (const uint64_t words : {a, b, c}) made.counted.words.push_back(words);
    made.counted.early_b.push_back(early_b);
  }
  made.counted.before.tasks = 2;  // 3,570 cycles
  made.cores = cores;
  made.last = 500;
  return made;
}

TEST(Estimate, AStepTakesTheLongestOfWhatRunsAtOnce) {
  Costs costs;
  costs.memory_gb_per_s = 1e6;
  const double begin = 3050 + 520 + 1200, end = 4096;
  // Streams of B; cores behind the first object of A; C.
  EXPECT_DOUBLE_EQ(predict({step(4096, 9500, 4096, 0, 900)}, costs)[0].total, begin + 10'000 + end);
  EXPECT_DOUBLE_EQ(predict({step(4096, 9500, 4096, 0, 20'000)}, costs)[0].total,
                   begin + 2048 / 0.95 + 19'500 + end);
  EXPECT_DOUBLE_EQ(predict({step(4096, 9500, 16'384, 0, 900)}, costs)[0].total,
                   begin + 16'384 + end);
  costs.memory_gb_per_s = 4;
  EXPECT_DOUBLE_EQ(predict({step(4096, 9500, 4096, 0, 900)}, costs)[0].total,
                   begin + 4 * 4 * (4096 + 9500 + 4096) / 4 + end);
}

TEST(Estimate, WhatIsPreparedForTheNextStepIsBesideThisOne) {
  Step of = step(4096, 9500, 4096, 0, 900);
  const double alone = predict({of})[0].total;
  of.counted.beside.bds = 10;
  EXPECT_EQ(predict({of})[0].total, alone);
  of.counted.beside.bds = 1000;
  EXPECT_DOUBLE_EQ(predict({of})[0].total, 3050 + 520 + 203'000);
}

TEST(Estimate, EarlyBComesWhileItsChannelIsIdle) {
  Costs costs;
  costs.memory_gb_per_s = 1e6;
  const Step idle = step(40'960, 2048, 4096, 0, 900);
  const auto plain = predict({idle, step(4096, 40'960, 4096, 0, 900)}, costs);
  const auto early = predict({idle, step(4096, 40'960, 4096, 40'960, 900)}, costs);
  // As much as a memory tile and a core hold.
  EXPECT_DOUBLE_EQ(early[1].prefetched, 4 * 14 * 2048);
  EXPECT_DOUBLE_EQ(plain[1].total - early[1].total, 14 * 2048 / 0.95);
  // A channel that is busy until then brings what comes while the step begins.
  const auto busy =
      predict({step(4096, 81'920, 4096, 0, 900), step(4096, 40'960, 4096, 40'960, 900)}, costs);
  EXPECT_NEAR(busy[1].prefetched, 4 * 0.95 * (3570 + 1200 + 1200 + 4096), 1);
  // The memory gives no more than it has.
  costs.memory_gb_per_s = 0.4;
  const auto slow = predict({idle, step(4096, 40'960, 4096, 40'960, 900)}, costs);
  EXPECT_NEAR(slow[1].prefetched, (3570 + 1200 + 1200 + 4096) * 0.4 / 4, 1);
}

}  // namespace
}  // namespace npu::twin::testing
