// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU that the double of XRT's library plays, with the twin as its array.
#pragma once

#include "device/xrt/hardware.h"
#include "session.h"

namespace npu::testing {

// An overlay whose cores have all of Whisper's operations.
inline xrt_double::XclbinSpec overlay_spec() {
  xrt_double::XclbinSpec spec;
  spec.buffers = 8;
  spec.program = "whisper";
  return spec;
}

inline Result<std::unique_ptr<array::Hardware>> open_twin(const xrt_double::XclbinOnDisk& overlay) {
  NPU_TRY_ASSIGN(auto found, array::find_device(0));
  return array::Hardware::open(std::move(found), overlay.path(), {});
}

}  // namespace npu::testing
