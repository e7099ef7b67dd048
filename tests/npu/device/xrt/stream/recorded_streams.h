// SPDX-License-Identifier: LGPL-2.1-or-later
// The instruction streams that the device submits for a network of given sizes, without its values:
// the operations of each list, their transfers, and the words.
#pragma once

#include <string>
#include <vector>

#include "device/xrt/image/lowering.h"
#include "device/xrt/stream/transfers.h"
#include "model/dims.h"

namespace npu::testing {

struct RecordedStream {
  std::string name;
  std::vector<array::Operation> operations;
  std::vector<array::Transfers> transfers;  // of each operation
  std::vector<uint32_t> words;
};

// encoder            all positions
// cross K,V          of all layers
// prompt             16 rows of one slot, with logits
// step               one row, as it is kept: what moves is an argument
// beams              a row each of five slots, under one window
// windows            a row each of three slots, under windows of their own, one of them short
// alignment          three rows of one slot
// Stops at the first failure, which is one of gtest.
std::vector<RecordedStream> recorded_streams(const ModelDims& dims);

}  // namespace npu::testing
