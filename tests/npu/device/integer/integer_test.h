// SPDX-License-Identifier: LGPL-2.1-or-later
// What tests of the fast path against the kernels share.
#pragma once

#include "array_rows.h"
#include "device/cpu/mixed/dot.h"
#include "kernel_test.h"
#include "quantised/network.h"

namespace npu::testing {

// Skipped if the environment forces an instruction set that this CPU does not have.
class IntegerTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    const auto variant = cpu::dot_variant();
    if (!variant) GTEST_SKIP() << variant.error().message;
    dot_ = *variant;
  }

  Rows random_rows(Kind kind, size_t rows, size_t cols) {
    Rows out(kind, rows, cols);
    const int least = kind == Kind::kResidual ? -32768
                      : kind == Kind::kFine   ? kernels::kFineLeast
                                              : -128;
    const int most = kind == Kind::kResidual ? 32767
                     : kind == Kind::kFine   ? kernels::kFineMost
                                             : 127;
    for (size_t r = 0; r < rows; ++r) {
      const auto row = random_.tile<int>(cols, least, most);
      for (size_t c = 0; c < cols; ++c) out.put(r * cols + c, row[c]);
    }
    return out;
  }

  // Counts what was compared.
  void expect_equal(const Rows& fast, const Rows& array, const std::string& what) {
    EXPECT_EQ(differing_bytes(fast, array), 0u) << what << ", of " << array.bytes() << " bytes";
    compared_ += array.bytes();
  }
  void TearDown() override {
    KernelTest::TearDown();
    RecordProperty("compared_bytes", std::to_string(compared_));
    if (compared_ > 0) std::printf("%zu bytes compared\n", compared_);
  }

  const cpu::DotVariant* dot_ = nullptr;
  Tiles random_{20};
  size_t compared_ = 0;
};

}  // namespace npu::testing
