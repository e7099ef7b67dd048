// SPDX-License-Identifier: LGPL-2.1-or-later
// The twin behind the double of XRT's library: what the double is given to execute runs on the
// model of the array.
#pragma once

#include <map>

#include "array.h"
#include "executor.h"

namespace npu::testing {

class TwinExecutor : public xrt_double::Executor {
 public:
  xrt_double::Outcome run(const xrt_double::Stream& stream) override;

 private:
  // Which words of a buffer object hold something, as the twin keeps it. Those of the double that
  // do are taken over before a run, until all of them do.
  struct Object {
    twin::WordMap written;
    bool is_all = false;
  };
  Object& object_of(const xrt_double::DeviceBuffer& buffer);

  twin::Array array_{twin::Target{}, kernels::Program::kWhisper};
  std::map<uint64_t, Object> objects_;  // by address, which is never used again
};

}  // namespace npu::testing
