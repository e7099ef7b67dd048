// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/self_test.h"

#include <algorithm>

#include "device/recovery/lost_device.h"
#include "device/xrt/module_loader.h"
#include "device/xrt/system_check.h"

namespace npu {

uint64_t NpuReport::compared_bytes() const {
  uint64_t bytes = 0;
  for (const CheckedOperation& operation : operations) bytes += operation.bytes;
  return bytes;
}

size_t NpuReport::failures() const {
  return static_cast<size_t>(
      std::count_if(operations.begin(), operations.end(),
                    [](const CheckedOperation& operation) { return operation.differing > 0; }));
}

bool NpuReport::passed() const {
  return ended_early.empty() && compared_bytes() > 0 && failures() == 0;
}

Result<NpuReport> self_test_npu(const DeviceRequest& request, const SelfTestSubject& subject) {
  if (request.index < 0)
    return Error{ErrorCode::kInvalidArgument,
                 text("device npu: expected an index from 0 on, found ", request.index)};
  if (subject.lists.size() != kTestLists || !subject.network)
    return Error{ErrorCode::kInvalidArgument,
                 text("self-test: expected ", size_t{kTestLists}, " lists and a network, found ",
                      subject.lists.size())};
  NPU_TRY(LostDevice::of_process().check());
  auto report = array::self_test_with_module(array::module_path(), request, subject);
  if (report || report.error().code != ErrorCode::kNoDevice) return report;
  // XRT answers "no such device" to most of what the system can name.
  NPU_TRY(array::check_system(array::SystemView::of_process()));
  return report;
}

}  // namespace npu
