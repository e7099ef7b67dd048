// SPDX-License-Identifier: LGPL-2.1-or-later
// The twin of the array behind the double of XRT's library: a whole NPU.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "array.h"
#include "control.h"

namespace xrt_double {

// Runs streams on the twin, with the program in the cores that the xclbin's partition names:
// "whisper", "encoder" or "decoder" (XclbinSpec::program). A deadlock is a hang, every other fault
// one of the stream.
class XRT_DOUBLE_API TwinExecutor : public Executor {
 public:
  Outcome run(const Stream& stream) override;

 private:
  std::map<std::string, std::unique_ptr<npu::twin::Array>> arrays_;  // by program
};

}  // namespace xrt_double
