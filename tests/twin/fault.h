// SPDX-License-Identifier: LGPL-2.1-or-later
// What the twin refuses, and why.
#pragma once

#include <cstddef>
#include <string>

namespace npu::twin {

enum class FaultKind {
  kFormat,        // header, counts, sizes, unknown operations
  kRegister,      // an address that a stream may not write
  kField,         // a field of a shim's descriptor, or of a queue word
  kAddress,       // outside of its buffer, not aligned, the addend of 0x80000000
  kQueue,         // a fifth task
  kLive,          // a descriptor written or started while a task has it
  kToken,         // waits, tokens and controller ids that do not fit
  kNeverWritten,  // a read of words that nobody wrote
  kConflict,      // a range read and written at once
  kDeadlock,      // nothing can move and work remains
  kLeftOver,      // bytes in a fifo, an operation half done, a task that no token vouches for
  kCore,          // an object that is no descriptor, an operation that the program has not
  kKernel,        // what the host's AIE API found wrong in a kernel
};

struct Fault {
  FaultKind kind;
  size_t operation;  // of the stream, from 0; the count of them for what is found at its end
  size_t word;       // its first word
  std::string message;
};

}  // namespace npu::twin
