// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations one behind the other as one instruction stream.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "device/xrt/stream/transfers.h"

namespace npu::array {

// The stream that runs `operations` in order, for shims with that controller id. One slice runs at
// a time: C and A of the next one are started when all its tokens have come. B of it is started
// before that, as far as descriptors and queues allow, if the operation reads it early: weights
// then wait in the memory tiles. Errors: those of StreamWriter, with the operation's name.
Result<std::vector<uint32_t>> stream_of(std::span<const Transfers> operations,
                                        unsigned controller_id = StreamWriter::kStockControllerId);

}  // namespace npu::array
