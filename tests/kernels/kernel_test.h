// SPDX-License-Identifier: LGPL-2.1-or-later
// What tests of kernels share: random tiles, and violations of the host's AIE API as failures.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "aie_host/checks.h"
#include "aie_host/vector.h"
#include "sanitizers.h"

// Tiles per kernel; a tenth under AddressSanitizer, which looks for other things.
inline constexpr int kRounds = NPU_TEST_ADDRESS_SANITIZER ? 1000 : 10000;

// What a kernel does wrong in the host's AIE API fails its test. Each starts with the core's modes
// as some other kernel may have left them.
class KernelTest : public testing::Test {
 protected:
  void SetUp() override {
    aie_host::core_state() = {kernels::RoundingMode::kSymCeil, kernels::SaturationMode::kSymmetric};
    aie_host::clear_violations();
  }
  void TearDown() override {
    EXPECT_EQ(aie_host::violation_count(), 0u) << aie_host::first_violation();
    aie_host::clear_violations();
  }
};

// Values of one kind per tile, so that extremes meet: uniform, small, all least, all greatest, ends
// only.
class Tiles {
 public:
  explicit Tiles(uint32_t seed) : random_(seed) {}

  template <typename T>
  std::vector<T> tile(size_t count, T least = std::numeric_limits<T>::min(),
                      T most = std::numeric_limits<T>::max()) {
    std::vector<T> values(count);
    const unsigned kind = number<unsigned>(0, 7);
    for (T& value : values) value = element<T>(kind, least, most);
    return values;
  }
  template <typename T>
  T number(T least, T most) {
    const uint64_t span = static_cast<uint64_t>(int64_t{most} - int64_t{least}) + 1;
    return static_cast<T>(int64_t{least} + static_cast<int64_t>(random_() % span));
  }

 private:
  template <typename T>
  T element(unsigned kind, T least, T most) {
    switch (kind) {
      case 0:
        return least;
      case 1:
        return most;
      case 2:
        return random_() % 2 ? least : most;
      case 3: {
        const T low = least > T{0}          ? least
                      : std::is_signed_v<T> ? static_cast<T>(least / 64)
                                            : T{0};
        return number<T>(low, static_cast<T>(most / 64 > low ? most / 64 : most));
      }
      default:
        return number<T>(least, most);
    }
  }
  std::mt19937_64 random_;
};
