// SPDX-License-Identifier: LGPL-2.1-or-later
// Finding the NPU and taking a context, on the double of XRT's library.
#include "device/xrt/discovery.h"

#include "session.h"

namespace npu::array {
namespace {

using std::chrono::milliseconds;
using xrt_double::Scene;
using xrt_double::XclbinOnDisk;

// No pauses: the double's contexts come back when the plan says so.
constexpr Patience kThreeTries{3, milliseconds(0)};

class Discovery : public xrt_double::OnTheDouble {
 protected:
  Result<FoundDevice> find(int index = 0) { return find_device(index); }
  Result<xrt::hw_context> open(const std::string& overlay, const Patience& patience = kThreeTries) {
    auto found = find();
    if (!found) return found.error();
    return open_context(*found, overlay, patience, CancelToken(), Deadline());
  }
  template <typename T>
  static std::string message(const Result<T>& result) {
    if (result) return "no error";
    EXPECT_EQ(result.error().code, ErrorCode::kNoDevice);
    return result.error().message;
  }
};

TEST_F(Discovery, FindsTheFirstGenerationByEachOfItsNames) {
  for (const char* name : {"RyzenAI-npu1", "NPU Phoenix", "NPU Hawk Point"}) {
    Scene scene;
    scene.name = name;
    begin(scene);
    const auto found = find();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->name, name);
  }
}

TEST_F(Discovery, NoDeviceIsXrtsMissingDriver) {
  Scene scene;
  scene.devices = 0;
  begin(scene);
  EXPECT_CONTAINS(message(find()), "device npu: XRT knows no device");
  EXPECT_CONTAINS(message(find()), "libxrt_driver_xdna.so.2");
}

TEST_F(Discovery, AnotherGenerationIsNamed) {
  for (const char* name : {"NPU Strix", "RyzenAI-npu4", "RyzenAI-npu10"}) {
    Scene scene;
    scene.name = name;
    begin(scene);
    EXPECT_CONTAINS(message(find()), std::string("found ") + name + ", which this version");
  }
}

TEST_F(Discovery, AnIndexBeyondTheNpusIsRefused) {
  EXPECT_CONTAINS(message(find(1)), "expected an index below 1, found 1");
  Scene scene;
  scene.devices = 2;
  begin(scene);
  EXPECT_TRUE(find(1));
}

TEST_F(Discovery, XrtsOwnRefusalsAreErrors) {
  for (const char* call : {"enumerate", "device", "info"}) {
    with_faults(std::string(call) + "@1=fail:the reason of " + call);
    EXPECT_CONTAINS(message(find()), std::string("the reason of ") + call);
    EXPECT_TRUE(find());
  }
}

TEST_F(Discovery, ADeviceThatVanishesBetweenTwoCallsIsAnError) {
  with_faults("info@1=vanish");
  EXPECT_CONTAINS(message(find()), "XRT cannot open its device 0: IOCTL failed (err=-19)");
  EXPECT_CONTAINS(message(find()), "XRT knows no device");
}

TEST_F(Discovery, TakesAContextForTheOverlay) {
  const XclbinOnDisk overlay;
  const auto context = open(overlay.path());
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(xrt_double::contexts(), 1u);
}

TEST_F(Discovery, AContextThatComesFreeInTimeIsTaken) {
  with_faults("context@1-2=exhausted");
  const XclbinOnDisk overlay;
  EXPECT_TRUE(open(overlay.path()));
  EXPECT_EQ(xrt_double::calls("context"), 3u);
}

TEST_F(Discovery, NoContextLeftIsABusyNpu) {
  with_faults("context@1+=exhausted");
  const XclbinOnDisk overlay;
  EXPECT_CONTAINS(message(open(overlay.path())), "all hardware contexts of the NPU are in use");
  EXPECT_EQ(xrt_double::calls("context"), 3u);
}

TEST_F(Discovery, AnyOtherRefusalOfAContextIsNotTriedAgain) {
  with_faults("context@1+=fail:firmware does not fit");
  const XclbinOnDisk overlay;
  EXPECT_CONTAINS(message(open(overlay.path())),
                  "the driver refuses a hardware context: firmware does not fit");
  EXPECT_EQ(xrt_double::calls("context"), 1u);
}

TEST_F(Discovery, ACancelEndsTheWaitForAContext) {
  with_faults("context@1+=exhausted");
  const XclbinOnDisk overlay;
  const auto found = find();
  ASSERT_TRUE(found);
  CancelSource source;
  source.cancel();
  const Patience patience{3, milliseconds(60'000)};
  const auto cancelled = open_context(*found, overlay.path(), patience, source.token(), Deadline());
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  const auto late =
      open_context(*found, overlay.path(), patience, CancelToken(), Deadline::in(milliseconds(0)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
}

TEST_F(Discovery, AnOverlayThatCannotBeReadIsNamed) {
  EXPECT_CONTAINS(message(open("/nowhere.xclbin")),
                  "cannot use the overlay /nowhere.xclbin: No such file '/nowhere.xclbin'");
  const XclbinOnDisk overlay;
  Scene scene;
  scene.xclbin_bytes = 1000;
  begin(scene);
  EXPECT_CONTAINS(message(open(overlay.path())), "m_length does not match buffer size");
}

}  // namespace
}  // namespace npu::array
