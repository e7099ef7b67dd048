// SPDX-License-Identifier: LGPL-2.1-or-later
// Every device that must keep the contract, and short lists to keep it with.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "device/open.h"
#include "random_weights.h"
#include "tiled_device.h"

namespace npu::testing {

struct DeviceCase {
  const char* name;
  std::unique_ptr<Device> (*make)();
  Precision precision = Precision::kF32;
};

inline void PrintTo(const DeviceCase& device, std::ostream* out) {
  *out << device.name;
}

template <int threads>
std::unique_ptr<Device> make_cpu() {
  auto device = open_device({"cpu", 0, threads});
  return device ? *std::move(device) : nullptr;
}

inline const DeviceCase kDevices[] = {
    {"CpuWithOneThread", make_cpu<1>},
    {"CpuWithTwoThreads", make_cpu<2>},
    {"Tiled", make_tiled_device},
};

// Those that need not be as near to the exact result as f32 is.
inline const DeviceCase kMixedDevices[] = {
    {"CpuInt8WithOneThread", make_cpu<1>, Precision::kInt8},
    {"CpuInt8WithTwoThreads", make_cpu<2>, Precision::kInt8},
    {"CpuBf16WithTwoThreads", make_cpu<2>, Precision::kBf16},
};

// A test of the contract: runs on every device. Skipped if the environment forces an instruction
// set that this CPU does not have.
class OnDevice : public ::testing::TestWithParam<DeviceCase> {
 protected:
  void SetUp() override {
    const auto device = open_device({"cpu", 0, 1});
    if (!device) GTEST_SKIP() << device.error().message;
  }
};

inline auto device_name() {
  return [](const ::testing::TestParamInfo<DeviceCase>& test) { return test.param.name; };
}

// A loaded list or several, and a context of it, from weights by name.
struct Rig {
  std::unique_ptr<Device> device;
  std::unique_ptr<Program> program;
  std::unique_ptr<Context> context;

  // Fails the test if anything fails.
  Rig(const DeviceCase& which, const std::vector<OpList>& lists, const ContextLimits& limits)
      : device(which.make()) {
    if (!device) {
      ADD_FAILURE() << "no device " << which.name;
      return;
    }
    RandomWeights weights;
    auto loaded = device->load(lists, weights, which.precision, {}, {});
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message;
      return;
    }
    program = *std::move(loaded);
    context = new_context(limits);
  }

  std::unique_ptr<Context> new_context(const ContextLimits& limits) const {
    auto made = program->create_context(limits);
    if (made) return *std::move(made);
    ADD_FAILURE() << made.error().message;
    return nullptr;
  }
};

inline std::vector<float> weight_of(const WeightRef& ref) {
  std::vector<float> values(ref.shape.elements());
  EXPECT_TRUE(RandomWeights().read(ref, values));
  return values;
}

inline std::vector<float> random_floats(size_t count, uint64_t seed, float scale = 1) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = random.next() * scale;
  return values;
}

// The message of a failure, with its code in front; "" for success.
template <typename T>
std::string failure(const Result<T>& result) {
  return result ? "" : result.error().message;
}

inline size_t size(int extent) {
  return static_cast<size_t>(extent);
}

}  // namespace npu::testing
