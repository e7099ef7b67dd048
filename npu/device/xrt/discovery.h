// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the NPU through XRT, and takes one of its contexts. XRT's exceptions end here.
#pragma once

#include <xrt/xrt_device.h>
#include <xrt/xrt_hw_context.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "cancel.h"
#include "result.h"

namespace npu::array {

struct FoundDevice {
  xrt::device device;
  std::string name;  // as XRT gives it
};

// What `call` returns, or an Error with `code` and "device npu: DOING: " before XRT's text. No
// exception of XRT has a base of its own, so all are caught.
template <typename Call>
auto caught(ErrorCode code, const std::string& doing, Call call)
    -> Result<std::invoke_result_t<Call>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
      call();
      return {};
    } else {
      return call();
    }
  } catch (const std::exception& error) {
    return Error{code, text("device npu: ", doing, ": ", error.what())};
  }
}

// The index-th NPU of the first generation (XDNA1) among XRT's devices.
// Errors: kNoDevice: none, fewer than index + 1, another generation, or XRT's own refusal; each
// says what to do. Thread-safe.
Result<FoundDevice> find_device(int index);

// How long to try for a context. A context of another program can end at any moment.
struct Patience {
  int attempts = 6;
  std::chrono::milliseconds first_pause{10};  // doubled from pause to pause
};

// Registers the overlay (an xclbin) with the device and takes a hardware context for it. The pauses
// end within 10 ms of a cancel.
// Errors: kNoDevice: the overlay cannot be read, no context is left (a device has six, for all
// processes together), or the driver refuses; kCancelled, kTimeout. Thread-safe.
Result<xrt::hw_context> open_context(const FoundDevice& found, const std::filesystem::path& overlay,
                                     const Patience& patience, const CancelToken& cancel,
                                     Deadline deadline);

}  // namespace npu::array
