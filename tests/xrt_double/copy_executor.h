// SPDX-License-Identifier: LGPL-2.1-or-later
// A small array for the tests of the double: its streams copy words between buffers.
#pragma once

#include <cstdint>
#include <vector>

#include "executor.h"

namespace xrt_double {

// A copy is two address patches (from, to) and a write of the number of words.
struct Copy {
  uint32_t from_buffer, from_byte, to_buffer, to_byte, words;
};

// The stream of these copies, in the format of the array's controller.
std::vector<uint32_t> copy_stream(const std::vector<Copy>& copies);
// A stream after which the array stands still.
std::vector<uint32_t> hanging_stream();

// A read of unknown words, and all that is outside a buffer, is a fault.
class CopyExecutor : public Executor {
 public:
  Outcome run(const Stream& stream) override;
  void reset() override { ++resets; }
  int resets = 0;
};

}  // namespace xrt_double
