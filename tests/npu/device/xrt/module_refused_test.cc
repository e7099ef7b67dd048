// SPDX-License-Identifier: LGPL-2.1-or-later
// Modules that cannot be loaded, in folders with and without a library of XRT beside them. In a
// process of its own: a library that is loaded once is found ever after.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "device/xrt/module_loader.h"

namespace npu::array {
namespace {

namespace fs = std::filesystem;

class RefusedModule : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "module-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A copy of a file of the build, under another name.
  fs::path put(const char* built, const char* name) {
    fs::copy_file(built, folder_ / name);
    return folder_ / name;
  }
  static std::string refusal(const fs::path& module) {
    const auto device = open_with_module(module, {"npu"});
    if (device) return "none";
    EXPECT_EQ(device.error().code, ErrorCode::kNoDevice);
    return device.error().message;
  }
  fs::path folder_;
};

#define EXPECT_PART(text, part) \
  EXPECT_PRED2([](const std::string& a, const char* b) { return a.find(b) != a.npos; }, text, part)

TEST_F(RefusedModule, ABuildWithoutXrtSaysSo) {
  EXPECT_PART(refusal(""), "made without XRT; build it with XRT 2.21 or newer and -Dxrt=enabled");
}

TEST_F(RefusedModule, AMissingModuleIsNamed) {
  EXPECT_PART(refusal("/nowhere/module.so"), "is missing: expected /nowhere/module.so");
}

TEST_F(RefusedModule, AMissingLibraryOfXrtIsNamed) {
  const std::string message = refusal(put(BUILT_MODULE, "module.so"));
  EXPECT_PART(message, "XRT's library was not found (libxrt_coreutil.so.2");
  EXPECT_PART(message, "libxrt2 and libxrt-npu2");
}

TEST_F(RefusedModule, AnOldLibraryOfXrtIsNamed) {
  put(BUILT_OLD_XRT, "libxrt_coreutil.so.2");
  const std::string message = refusal(put(BUILT_MODULE, "module.so"));
  EXPECT_PART(message, "the installed XRT is too old");
  EXPECT_PART(message, "expected 2.21 or newer");
  EXPECT_PART(message, "undefined symbol");
}

TEST_F(RefusedModule, AModuleOfAnotherVersionIsRefused) {
  EXPECT_PART(refusal(BUILT_OTHER_VERSION), "found 0.0.0-other; install the module of this");
}

TEST_F(RefusedModule, AnyOtherLibraryIsNoModule) {
  EXPECT_PART(refusal(BUILT_OLD_XRT), "is no module of npuwhisper");
}

}  // namespace
}  // namespace npu::array
