// SPDX-License-Identifier: LGPL-2.1-or-later
#include "predicted_streams.h"

#include <gtest/gtest.h>

namespace npu::testing {
namespace {

using namespace array;
using kernels::DescriptorHead;
using kernels::Epilogue;

// Of a product; the first and second convolution alone give int8 through GELU.
Epilogue epilogue_of(const Operation& operation, Layout layout) {
  switch (layout) {
    case Layout::kFine:
    case Layout::kNarrowFine:
      return Epilogue::kGeluFine;
    case Layout::kResidual:
    case Layout::kNarrowResidual:
      return Epilogue::kResidual;
    case Layout::kKeys:
      return Epilogue::kKt;
    case Layout::kValues:
      return Epilogue::kV;
    case Layout::kCacheRows:
      return Epilogue::kRows;
    case Layout::kLogits:
      return Epilogue::kLogits;
    case Layout::kCandidates:
      return Epilogue::kTopK;
    default:
      return operation.name.find(".conv") != std::string::npos ? Epilogue::kGelu : Epilogue::kI8;
  }
}

// As the descriptor of a tile has it.
DescriptorHead head_of(const Operation& operation, uint32_t tile) {
  DescriptorHead head{};
  head.op = operation.op;
  head.rows = operation.rows;
  head.m_tiles = static_cast<uint16_t>(operation.m_tiles);
  head.count = static_cast<uint16_t>(operation.count);
  if (operation.planes == 2) head.flags |= kernels::kFineInput;
  for (const Output& output : operation.outputs)
    if (tile >= output.first_tile && tile < output.first_tile + output.tile_count)
      head.epilogue = epilogue_of(operation, output.to.layout);
  if (operation.op == kernels::Op::kLayerNorm) {
    head.count = static_cast<uint16_t>(operation.in_tiles);
    head.columns = kArrayColumns;
    head.select = static_cast<uint8_t>(tile);
  }
  if (operation.op == kernels::Op::kCombine) head.count = static_cast<uint16_t>(operation.in_tiles);
  return head;
}

// Of column 0 and core row 0, which have the most to do.
void count_cores(const Operation& operation, const twin::Costs& costs, twin::Step& step) {
  const uint32_t tiles = operation.tiles_of_column(0);
  for (uint32_t i = 0; i < tiles; ++i) {
    const twin::CoreOperation of{head_of(operation, i * operation.dealt), 0, 0, 0};
    step.cores += twin::core_cycles(of, 0, costs);
    step.last = twin::last_cycles(of, 0, costs);
  }
  step.what = text(tiles * operation.dealt, " ", twin::name_of(head_of(operation, 0)));
}

}  // namespace

std::vector<PredictedStep> predicted_steps(const RecordedStream& stream, const twin::Costs& costs) {
  const auto segments =
      twin::segments_of(twin::parse(stream.words, twin::Target{}), twin::Target{});
  std::vector<twin::Step> steps;
  std::vector<const Operation*> operations;
  size_t next = 0;
  for (size_t i = 0; i < stream.operations.size(); ++i) {
    const size_t slices = stream.transfers[i].slices.size();
    twin::Step whole{};
    count_cores(stream.operations[i], costs, whole);
    // The cores' work is shared by the slices evenly.
    whole.cores /= static_cast<double>(slices);
    for (size_t slice = 0; slice < slices && next < segments.size(); ++slice) {
      whole.counted = segments[next++];
      steps.push_back(whole);
      operations.push_back(&stream.operations[i]);
    }
  }
  EXPECT_EQ(next, segments.size()) << stream.name << ": a dependent step for each slice";
  EXPECT_EQ(steps.size(), segments.size()) << stream.name;
  std::vector<PredictedStep> predicted;
  const auto times = twin::predict(steps, costs);
  for (size_t i = 0; i < times.size(); ++i) predicted.push_back({times[i], operations[i]});
  return predicted;
}

}  // namespace npu::testing
