// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/discovery.h"

#include <xrt/experimental/xrt_system.h>
#include <xrt/experimental/xrt_xclbin.h>

#include <algorithm>
#include <string_view>
#include <thread>
#include <vector>

namespace npu::array {
namespace {

// As the driver and XRT's shim name the first generation.
constexpr std::string_view kNames[] = {"RyzenAI-npu1", "NPU Phoenix", "NPU Hawk Point"};
// High; below it is realtime (0x100). The driver's other hints can only lower the clock.
constexpr uint32_t kHighPriority = 0x180;
constexpr const char* kNoContext = "CREATE_HWCTX IOCTL failed (err=-22)";
constexpr std::chrono::milliseconds kTick{10};

bool is_first_generation(const std::string& name) {
  return std::ranges::any_of(kNames, [&](std::string_view known) { return name == known; });
}

Error no_device(const std::string& what) {
  return {ErrorCode::kNoDevice, "device npu: " + what};
}

Result<FoundDevice> open_at(unsigned index) {
  return caught(ErrorCode::kNoDevice, text("XRT cannot open its device ", index), [&] {
    xrt::device device(index);
    std::string name = device.get_info<xrt::info::device::name>();
    return FoundDevice{std::move(device), std::move(name)};
  });
}

Result<void> pause(std::chrono::milliseconds time, const CancelToken& cancel, Deadline deadline) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    NPU_TRY(check_interrupt(cancel, deadline, "device npu: waiting for a hardware context"));
    std::this_thread::sleep_for(std::min(kTick, time));
  }
  return {};
}

}  // namespace

Result<FoundDevice> find_device(int index) {
  NPU_TRY_ASSIGN(const unsigned count, caught(ErrorCode::kNoDevice, "XRT cannot list its devices",
                                              [] { return xrt::system::enumerate_devices(); }));
  if (count == 0)
    return no_device(
        "XRT knows no device; its driver for the NPU is missing or does not fit: expected "
        "libxrt_driver_xdna.so.2 of XRT's own version (Debian: libxrt-npu2)");
  int of_kind = 0;
  std::string others;
  for (unsigned i = 0; i < count; ++i) {
    NPU_TRY_ASSIGN(FoundDevice found, open_at(i));
    if (is_first_generation(found.name) && of_kind++ == index) return found;
    others += (i > 0 ? ", " : "") + found.name;
  }
  if (of_kind > 0) return no_device(text("expected an index below ", of_kind, ", found ", index));
  return no_device(
      text("expected an NPU of the first generation (RyzenAI-npu1: Phoenix, Hawk Point), "
           "found ",
           others, ", which this version cannot drive"));
}

Result<xrt::hw_context> open_context(const FoundDevice& found, const std::filesystem::path& overlay,
                                     const Patience& patience, const CancelToken& cancel,
                                     Deadline deadline) {
  auto device = found.device;
  NPU_TRY_ASSIGN(const xrt::uuid id,
                 caught(ErrorCode::kNoDevice, text("cannot use the overlay ", overlay.string()),
                        [&] { return device.register_xclbin(xrt::xclbin(overlay.string())); }));
  auto wait = patience.first_pause;
  for (int attempt = 1;; ++attempt) {
    auto context = caught(ErrorCode::kNoDevice, "the driver refuses a hardware context", [&] {
      return xrt::hw_context(device, id,
                             xrt::hw_context::cfg_param_type{{"priority", kHighPriority}});
    });
    if (context || context.error().message.find(kNoContext) == std::string::npos) return context;
    if (attempt >= patience.attempts)
      return no_device(
          "all hardware contexts of the NPU are in use (it has six, for all programs together); "
          "end "
          "another program that uses it ('xrt-smi examine' lists them)");
    NPU_TRY(pause(wait, cancel, deadline));
    wait *= 2;
  }
}

}  // namespace npu::array
