// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of XRT on the double: device, context, kernel and two buffers.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <xrt/experimental/xrt_kernel.h>
#include <xrt/experimental/xrt_system.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_hw_context.h>
#include <xrt/xrt_kernel.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "control.h"
#include "copy_executor.h"
#include "write_xclbin.h"

namespace xrt_double {

inline constexpr size_t kBytes = 4096;

// A file that goes with this object.
class XclbinOnDisk {
 public:
  explicit XclbinOnDisk(const XclbinSpec& spec = {}) { write_xclbin(path_, spec); }
  ~XclbinOnDisk() { std::filesystem::remove(path_); }
  XclbinOnDisk(const XclbinOnDisk&) = delete;
  XclbinOnDisk& operator=(const XclbinOnDisk&) = delete;
  std::string path() const { return path_.string(); }

 private:
  static std::string unique_name() {
    static std::atomic<int> count = 0;
    return "xrt_double-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".xclbin";
  }
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / unique_name();
};

struct Session {
  XclbinOnDisk file;
  xrt::device device{0u};
  xrt::xclbin xclbin{file.path()};
  xrt::uuid id = device.register_xclbin(xclbin);
  xrt::hw_context context{device, id};
  xrt::kernel kernel{context, "MLIR_AIE"};
  xrt::bo from = data(kBytes), to = data(kBytes);

  xrt::bo data(size_t bytes) {
    return {device, bytes, xrt::bo::flags::host_only,
            static_cast<xrt::memory_group>(kernel.group_id(3))};
  }
  xrt::bo instructions(const std::vector<uint32_t>& words) {
    xrt::bo made(device, words.size() * 4, xrt::bo::flags::cacheable,
                 static_cast<xrt::memory_group>(kernel.group_id(1)));
    std::copy(words.begin(), words.end(), made.map<uint32_t*>());
    made.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    return made;
  }
  // Ready to start; `from` and `to` are its buffers 0 and 1.
  xrt::run run(const std::vector<uint32_t>& words) {
    xrt::run made(kernel);
    made.set_arg(0, uint64_t{3});
    made.set_arg(1, instructions(words));
    made.set_arg(2, static_cast<uint32_t>(words.size()));
    made.set_arg(3, from);
    made.set_arg(4, to);
    return made;
  }
  xrt::run copy(size_t words = kBytes / 4) {
    return run(copy_stream({{0, 0, 1, 0, static_cast<uint32_t>(words)}}));
  }
  void fill(uint32_t value) {
    std::fill_n(from.map<uint32_t*>(), kBytes / 4, value);
    from.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  }
  uint32_t word_of(xrt::bo& buffer, size_t index) {
    buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    return buffer.map<uint32_t*>()[index];
  }
};

// Sets the double up for each test, and fails one that leaves violations which it did not take.
class OnTheDouble : public ::testing::Test {
 protected:
  void SetUp() override { begin({}); }
  void begin(Scene scene) { set_up(scene, executor); }
  void with_faults(const std::string& plan) {
    Scene scene;
    scene.faults = plan;
    scene.watchdog = std::chrono::milliseconds(20);
    begin(scene);
  }
  void TearDown() override {
    EXPECT_EQ(take_violations(), std::vector<std::string>());
    EXPECT_EQ(contexts(), 0u);
  }
  std::shared_ptr<CopyExecutor> executor = std::make_shared<CopyExecutor>();
};

// The one violation since the last look, or what was found instead.
inline std::string only_violation() {
  const auto all = take_violations();
  return all.size() == 1 ? all.front() : std::to_string(all.size()) + " violations";
}

// What `call` throws, by its message; "nothing" if it does not.
template <typename Call>
std::string thrown(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
#define EXPECT_CONTAINS(text, part) EXPECT_PRED2(::xrt_double::contains, text, part)

}  // namespace xrt_double
