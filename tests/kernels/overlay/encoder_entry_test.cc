// SPDX-License-Identifier: LGPL-2.1-or-later
// The model first: it has what the compiler of cores has.
// clang-format off
#include "dma_model.h"
#include "overlay/encoder_entry.cc"
// clang-format on

#include "whisper_entry_test.h"

namespace {

using namespace dma_model;
using kernels::Epilogue;

TEST_F(WhisperEntry, TheEncodersOperationsInSequenceEqualTheirReferences) {
  for (unsigned row = 0; row < kernels::kCoreRows; row++) {
    core_streams::Writer writer(40 + row, row);
    core_streams::Streams streams;
    writer.matmul(streams, Epilogue::kGeluFine, false);
    writer.layer_norm(streams, true);
    writer.matmul(streams, Epilogue::kKt, true);
    writer.matmul(streams, Epilogue::kV, false);
    writer.attention(streams, kernels::kFineOutput);
    writer.matmul(streams, Epilogue::kResidual, true);
    writer.pass(streams);
    writer.add(streams);
    SCOPED_TRACE(row);
    expect_run(row, streams);
  }
}

TEST_F(WhisperEntry, TheEncoderEndsAtAnOperationOfTheDecoder) {
  core_streams::Writer writer(1, 0);
  core_streams::Streams streams;
  writer.topk(streams);
  Dma dma;
  dma.a.assign(streams.a.begin(), streams.a.end());
  dma.b.assign(streams.b.begin(), streams.b.end());
  alignas(32) static int8_t scratch[CoreMemory::kScratch], parameters[CoreMemory::kParameters],
      table[CoreMemory::kTable];
  kernels::run_on_core<kernels::Program::kEncoder>(
      0, kernels::DeviceInput({dma.a_buffers[0], dma.a_buffers[1]}, kAFull, kAFree),
      kernels::DeviceInput({dma.b_buffers[0], dma.b_buffers[1]}, kBFull, kBFree),
      kernels::DeviceOutput({dma.c_buffer}, kCFree, kCFull), scratch, parameters, table);
  EXPECT_TRUE(dma.c.empty());
}

}  // namespace
