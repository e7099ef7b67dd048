// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said about machines whose NPU cannot be used.
#include "device/xrt/system_check.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

namespace npu::array {
namespace {

namespace fs = std::filesystem;

// A machine in a folder; at first without any device.
class SystemCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "system_check-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    view_.nodes = folder_ / "dev";
    view_.accelerators = folder_ / "class";
    view_.pci_devices = folder_ / "pci";
    view_.modules = folder_ / "module";
    view_.may_open = [](const fs::path&) { return true; };
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void write(const fs::path& file, const std::string& line) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << line << '\n';
  }
  void add_pci(const std::string& address, const char* vendor, const char* device) {
    write(view_.pci_devices / address / "vendor", vendor);
    write(view_.pci_devices / address / "device", device);
  }
  void add_driver(const std::string& name, const std::string& address) {
    fs::create_directories(view_.accelerators / name);
    fs::create_directory_symlink(view_.pci_devices / address, view_.accelerators / name / "device");
  }
  void add_node(const std::string& name) { write(view_.nodes / name, ""); }
  // All that is needed.
  void add_npu() {
    add_pci("0000:c4:00.1", "0x1022", "0x1502");
    add_driver("accel0", "0000:c4:00.1");
    add_node("accel0");
  }
  std::string refusal() {
    const auto checked = check_system(view_);
    if (checked) return "none";
    EXPECT_EQ(checked.error().code, ErrorCode::kNoDevice);
    return checked.error().message;
  }
  void expect_refusal(std::initializer_list<const char*> parts) {
    const std::string message = refusal();
    for (const char* part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
  }

  fs::path folder_;
  SystemView view_;
};

TEST_F(SystemCheck, AnNpuWithAllItNeedsIsGood) {
  add_npu();
  EXPECT_EQ(refusal(), "none");
}

TEST_F(SystemCheck, NoFoldersMeanNoNpu) {
  expect_refusal({"device npu: ", "expected an AMD NPU", "1022:1502", "found none", "firmware"});
}

TEST_F(SystemCheck, OtherDevicesAreNoNpu) {
  add_pci("0000:00:01.0", "0x1022", "0x1480");
  add_pci("0000:00:02.0", "0x8086", "0x1502");
  expect_refusal({"found none"});
}

TEST_F(SystemCheck, AnNpuOfTheSecondGenerationIsNamed) {
  add_pci("0000:c5:00.1", "0x1022", "0x17f0");
  expect_refusal({"first generation", "found one of the second (1022:17f0, at 0000:c5:00.1)"});
}

TEST_F(SystemCheck, AnNpuWithoutADriverIsNamedWithTheDriver) {
  add_pci("0000:c4:00.1", "0x1022", "0x1502");
  expect_refusal({"0000:c4:00.1 has no driver", "amdxdna", "6.14"});
}

TEST_F(SystemCheck, AnAcceleratorOfAnotherVendorIsNotItsDriver) {
  add_pci("0000:00:0b.0", "0x8086", "0x7d1d");
  add_driver("accel0", "0000:00:0b.0");
  add_node("accel0");
  add_pci("0000:c4:00.1", "0x1022", "0x1502");
  expect_refusal({"has no driver"});
  add_driver("accel1", "0000:c4:00.1");
  add_node("accel1");
  EXPECT_EQ(refusal(), "none");
}

TEST_F(SystemCheck, AMissingNodeIsNamed) {
  add_npu();
  fs::remove(view_.nodes / "accel0");
  expect_refusal({"dev/accel0 is missing", "--device"});
}

TEST_F(SystemCheck, ANodeThatMayNotBeOpenedAsksForTheGroup) {
  add_npu();
  view_.may_open = [](const fs::path& node) { return node.filename() != "accel0"; };
  expect_refusal({"may not read and write", "dev/accel0", "usermod -aG render"});
}

TEST_F(SystemCheck, ALowLimitOfLockedMemoryIsSaidWithWhatIsExpected) {
  add_npu();
  view_.lockable_bytes = (64 << 20) - 1;
  expect_refusal({"65536 kB", "found 65535 kB", "limits.conf", "--ulimit memlock=-1"});
  view_.lockable_bytes = 64 << 20;
  EXPECT_EQ(refusal(), "none");
}

TEST_F(SystemCheck, TheProcessHasAView) {
  const SystemView view = SystemView::of_process();
  EXPECT_FALSE(view.may_open("/nowhere/at/all"));
  EXPECT_TRUE(view.may_open("/dev/null"));
  EXPECT_GT(view.lockable_bytes, 0u);
}

TEST_F(SystemCheck, TellsWhatAReportNeeds) {
  EXPECT_EQ(system_facts(view_).pci, "");
  add_npu();
  write(view_.pci_devices / "0000:c4:00.1" / "revision", "0x00");
  write(view_.pci_devices / "0000:c4:00.1" / "fw_version", "1.5.5.391");
  SystemFacts facts = system_facts(view_);
  EXPECT_EQ(facts.pci, "0000:c4:00.1, 1022:1502, revision 0x00");
  EXPECT_EQ(facts.node, (view_.nodes / "accel0").string());
  EXPECT_EQ(facts.firmware, "1.5.5.391");
  EXPECT_EQ(facts.driver, "");
  EXPECT_EQ(facts.kernel.rfind("Linux ", 0), 0u) << facts.kernel;
  write(view_.modules / "amdxdna" / "version", "2.21.0");
  EXPECT_EQ(system_facts(view_).driver, "2.21.0");
}

}  // namespace
}  // namespace npu::array
