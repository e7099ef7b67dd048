// SPDX-License-Identifier: LGPL-2.1-or-later
// The module for the NPU, loaded as the engine loads it, on the double of XRT's library.
#include <gtest/gtest.h>

#include "control.h"
#include "device/xrt/module_loader.h"

namespace npu::array {
namespace {

std::string refusal() {
  const auto device = open_with_module(BUILT_MODULE, {"npu"});
  if (device) return "none";
  EXPECT_EQ(device.error().code, ErrorCode::kNoDevice);
  return device.error().message;
}

TEST(Module, AnswersWithWhatItFinds) {
  xrt_double::Scene scene;
  xrt_double::set_up(scene);
  ASSERT_EQ(setenv("NPUWHISPER_OVERLAY", "/no/overlay.xclbin", 1), 0);
  EXPECT_EQ(refusal(),
            "device npu: found RyzenAI-npu1, but not the overlay that runs on it: expected "
            "/no/overlay.xclbin; build it (kernels/overlay/README.md) or name it in "
            "NPUWHISPER_OVERLAY");
  scene.name = "NPU Strix";
  xrt_double::set_up(scene);
  EXPECT_NE(refusal().find("found NPU Strix, which this version cannot drive"), std::string::npos)
      << refusal();
  EXPECT_GE(xrt_double::calls("device"), 1u);
}

TEST(Module, TheEnvironmentNamesIt) {
  ASSERT_EQ(setenv("NPUWHISPER_XRT_MODULE", "/some/module.so", 1), 0);
  EXPECT_EQ(module_path(), "/some/module.so");
  ASSERT_EQ(unsetenv("NPUWHISPER_XRT_MODULE"), 0);
  EXPECT_NE(module_path(), "/some/module.so");
}

}  // namespace
}  // namespace npu::array
