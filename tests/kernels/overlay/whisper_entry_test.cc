// SPDX-License-Identifier: LGPL-2.1-or-later
// The model first: it has what the compiler of cores has.
// clang-format off
#include "dma_model.h"
#include "overlay/whisper_entry.cc"
// clang-format on

#include "whisper_entry_test.h"

namespace {

using namespace dma_model;
using kernels::Epilogue;

TEST_F(WhisperEntry, OperationsInSequenceEqualTheirReferences) {
  for (unsigned row = 0; row < kernels::kCoreRows; row++) {
    core_streams::Writer writer(50 + row, row);
    core_streams::Streams streams;
    writer.layer_norm(streams, false);
    writer.matmul(streams, Epilogue::kRows, false);
    writer.attention(streams, kernels::kTransposeKeys | kernels::kCausal);
    writer.attention(streams, kernels::kPart);
    writer.combine(streams);
    writer.matmul(streams, Epilogue::kGelu, true);
    writer.alignment(streams);
    writer.logits(streams);
    writer.matmul(streams, Epilogue::kV, false);
    writer.matmul(streams, Epilogue::kKt, false);
    SCOPED_TRACE(row);
    expect_run(row, streams);
  }
}

}  // namespace
