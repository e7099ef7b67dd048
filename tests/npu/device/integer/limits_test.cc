// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever the ranges are that a calibration has seen, the parameters keep to the kernels' limits.
#include "kernel_limits.h"
#include "random_network.h"

namespace npu::testing {
namespace {

class RandomNetwork : public ::testing::TestWithParam<float> {};

TEST_P(RandomNetwork, KeepsToTheLimitsOfTheKernels) {
  for (const quantised::Input input : {quantised::Input::kInt8, quantised::Input::kFine}) {
    quantised::QuantiseOptions options;
    options.input = [&](const std::string&) { return input; };
    const auto network = random_network(GetParam(), options);
    ASSERT_TRUE(network) << network.error().message;
    EXPECT_GT(expect_within_limits(*network), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Ranges, RandomNetwork, ::testing::Values(0.0F, 1e-6F, 1.0F, 1e3F, 1e6F),
                         [](const auto& test) { return "Number" + std::to_string(test.index); });

}  // namespace
}  // namespace npu::testing
