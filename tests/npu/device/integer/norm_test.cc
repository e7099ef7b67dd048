// SPDX-License-Identifier: LGPL-2.1-or-later
// Layer norm of the fast path against the kernels: not a byte may differ.
#include "device/cpu/integer/norm.h"

#include "array_ops.h"
#include "integer_test.h"

namespace npu::testing {
namespace {

using quantised::Input;

class Norms : public IntegerTest {
 protected:
  quantised::Norm norm(Input output, size_t width) {
    quantised::Norm made;
    made.output = output;
    made.epsilon = random_.number(0, 1) == 0 ? 1 : random_.number(int64_t{1}, int64_t{1} << 50);
    made.gamma = random_.tile<int16_t>(width);
    made.beta = random_.tile<int32_t>(width, -(1 << 30) + 1, (1 << 30) - 1);
    made.out_shift = static_cast<uint8_t>(random_.number(0U, 30U));
    return made;
  }

  Rows fast(const quantised::Norm& norm, const Rows& in) {
    const Stored from(in), out(cpu::integer::kind_of(norm.output), in.rows, in.cols);
    for (size_t r = 0; r < in.rows; ++r) layer_norm_row(norm, from.view(), out.view(), r);
    return out.rows();
  }

  void compare(Input output) {
    for (const size_t width : {64, 192, 384, 512, 1024, 1280})
      for (const size_t rows : {1, 64, 70})
        for (int round = 0; round < 20; ++round) {
          const auto made = norm(output, width);
          const Rows in = random_rows(Kind::kResidual, rows, width);
          expect_equal(fast(made, in), array_norm(made, in), std::to_string(width) + " columns");
        }
  }
};

TEST_F(Norms, ToInt8) {
  compare(Input::kInt8);
}
TEST_F(Norms, ToTwoPlanes) {
  compare(Input::kFine);
}

TEST_F(Norms, OfRowsWithoutSpread) {
  for (const int16_t value : {int16_t{-32768}, int16_t{0}, int16_t{1}, int16_t{32767}}) {
    Rows in(Kind::kResidual, 4, 512);
    std::fill(in.values.begin(), in.values.end(), value);
    in.values[3 * 512 + 7] = static_cast<int16_t>(value ^ 1);
    const auto made = norm(Input::kInt8, 512);
    expect_equal(fast(made, in), array_norm(made, in), std::to_string(value));
  }
}

}  // namespace
}  // namespace npu::testing
