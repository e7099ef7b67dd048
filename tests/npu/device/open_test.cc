// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of devices.
#include "device/open.h"

#include <gtest/gtest.h>

#include <string>

#include "log.h"

namespace npu {
namespace {

std::string last_line;

TEST(OpenDevice, CpuTakesTheThreadsItIsGiven) {
  auto device = open_device({"cpu", 0, 3});
  ASSERT_TRUE(device);
  EXPECT_EQ((*device)->name(), "cpu");
  EXPECT_NE((*device)->description().find("3 threads"), std::string::npos);
}

TEST(OpenDevice, AutoTakesTheCpuAndLogsWhy) {
  set_log_sink([](LogLevel, std::string_view line) { last_line = line; });
  auto device = open_device({});
  set_log_sink(nullptr);
  ASSERT_TRUE(device);
  EXPECT_EQ((*device)->name(), "cpu");
  EXPECT_NE(last_line.find(", since: device npu: "), std::string::npos) << last_line;
}

struct RefusedCase {
  const char* name;
  DeviceRequest request;
  ErrorCode code;
  const char* part;
};

void PrintTo(const RefusedCase& test, std::ostream* out) {
  *out << test.name;
}

class RefusedDevice : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedDevice, SaysWhy) {
  const auto device = open_device(GetParam().request);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, GetParam().code);
  EXPECT_NE(device.error().message.find(GetParam().part), std::string::npos)
      << device.error().message;
}

const RefusedCase kRefused[] = {
    {"NpuThatIsNotThere", {"npu"}, ErrorCode::kNoDevice, "Choose device cpu (or auto)"},
    {"NegativeNpu", {"npu", -1}, ErrorCode::kInvalidArgument, "from 0 on, found -1"},
    {"UnknownName", {"gpu"}, ErrorCode::kInvalidArgument, "auto, cpu, npu, found 'gpu'"},
    {"NegativeThreads", {"cpu", 0, -1}, ErrorCode::kInvalidArgument, "threads"},
    {"TooManyThreads", {"cpu", 0, 257}, ErrorCode::kInvalidArgument, "256"},
    {"SecondCpu", {"cpu", 1, 0}, ErrorCode::kInvalidArgument, "index 0, found 1"},
};

INSTANTIATE_TEST_SUITE_P(OpenDevice, RefusedDevice, ::testing::ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace npu
