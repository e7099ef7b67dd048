// SPDX-License-Identifier: LGPL-2.1-or-later
// The genuine library of XRT, on a machine without an NPU.
#include <gtest/gtest.h>
#include <xrt/experimental/xrt_system.h>

#include "device/xrt/discovery.h"
#include "device/xrt/module_loader.h"

namespace npu::array {
namespace {

TEST(GenuineXrt, KnowsNoDeviceHere) {
  if (xrt::system::enumerate_devices() > 0) GTEST_SKIP() << "XRT has a device here";
  const auto found = find_device(0);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kNoDevice);
  EXPECT_NE(found.error().message.find("XRT knows no device"), std::string::npos)
      << found.error().message;
}

TEST(GenuineXrt, TheModuleLoadsWithIt) {
  if (xrt::system::enumerate_devices() > 0) GTEST_SKIP() << "XRT has a device here";
  const auto device = open_with_module(BUILT_MODULE, {"npu"});
  ASSERT_FALSE(device);
  EXPECT_NE(device.error().message.find("XRT knows no device"), std::string::npos)
      << device.error().message;
}

TEST(GenuineXrt, ItsExceptionsBecomeErrors) {
  const auto device =
      caught(ErrorCode::kNoDevice, "opening", [] { return xrt::device("0000:ff:1f.7"); });
  ASSERT_FALSE(device);
  EXPECT_NE(device.error().message.find("device npu: opening: "), std::string::npos)
      << device.error().message;
}

}  // namespace
}  // namespace npu::array
