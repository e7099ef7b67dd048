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
  const Costs costs;
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
    EXPECT_EQ(of.total, of.controller + 1200 + of.memory);
  }
  const std::string text = to_text(predicted);
  EXPECT_NE(text.find("(8 product): predicted "), std::string::npos) << text;
  EXPECT_NE(text.find("with the launch: predicted "), std::string::npos) << text;
}

}  // namespace
}  // namespace npu::twin::testing
