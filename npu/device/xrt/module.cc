// SPDX-License-Identifier: LGPL-2.1-or-later
// The module that drives the NPU with XRT: what module_loader.cc calls.
#include "device/xrt/discovery.h"
#include "device/xrt/module_config.h"
#include "device/xrt/module_interface.h"
#include "device/xrt/npu_device.h"
#include "device/xrt/self_test/facts.h"
#include "device/xrt/self_test/run.h"
#include "user_folder.h"

namespace npu::array {
namespace {

// $NPUWHISPER_OVERLAY, else where it is installed.
std::filesystem::path overlay_path() {
  if (const std::string path = environment("NPUWHISPER_OVERLAY"); !path.empty()) return path;
  return NPUWHISPER_OVERLAY_FILE;
}

struct Found {
  FoundDevice device;
  std::filesystem::path overlay;
};

Result<Found> find(const DeviceRequest& request) {
  NPU_TRY_ASSIGN(FoundDevice found, find_device(request.index));
  const std::filesystem::path overlay = overlay_path();
  if (!std::filesystem::exists(overlay))
    return Error{ErrorCode::kNoDevice,
                 text("device npu: found ", found.name,
                      ", but not the overlay that runs on it: ", "expected ", overlay.string(),
                      "; build it (kernels/overlay/README.md) or name it in NPUWHISPER_OVERLAY")};
  return Found{std::move(found), overlay};
}

Result<std::unique_ptr<Device>> open(const DeviceRequest& request, const CancelToken& cancel) {
  NPU_TRY_ASSIGN(Found found, find(request));
  return create_npu_device(std::move(found.device), found.overlay, request.threads, {}, cancel);
}

Result<NpuReport> self_test(const DeviceRequest& request, const SelfTestSubject& subject) {
  NPU_TRY_ASSIGN(Found found, find(request));
  NPU_TRY_ASSIGN(Facts facts, facts_of(found.device, found.overlay, SystemView::of_process()));
  NPU_TRY_ASSIGN(const auto hardware,
                 Hardware::open(std::move(found.device), found.overlay, Patience()));
  NPU_TRY_ASSIGN(NpuReport report, run_self_test(*hardware, subject, request.threads));
  report.facts = std::move(facts);
  return report;
}

}  // namespace
}  // namespace npu::array

#define NPUWHISPER_MODULE_API extern "C" __attribute__((visibility("default")))

NPUWHISPER_MODULE_API const char* npuwhisper_xrt_version() {
  return NPUWHISPER_VERSION;
}

NPUWHISPER_MODULE_API void npuwhisper_xrt_open(const npu::DeviceRequest& request,
                                               const npu::CancelToken& cancel, npu::LogSink sink,
                                               npu::Result<std::unique_ptr<npu::Device>>& device) {
  npu::set_log_sink(sink);
  try {
    device = npu::array::open(request, cancel);
  } catch (const std::exception& error) {
    device = npu::Error{npu::ErrorCode::kInternal, npu::text("device npu: ", error.what())};
  }
}

NPUWHISPER_MODULE_API void npuwhisper_xrt_self_test(const npu::DeviceRequest& request,
                                                    const npu::SelfTestSubject& subject,
                                                    npu::LogSink sink,
                                                    npu::Result<npu::NpuReport>& report) {
  npu::set_log_sink(sink);
  try {
    report = npu::array::self_test(request, subject);
  } catch (const std::exception& error) {
    report = npu::Error{npu::ErrorCode::kInternal, npu::text("device npu: ", error.what())};
  }
}
