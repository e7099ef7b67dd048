// SPDX-License-Identifier: LGPL-2.1-or-later
// Products of the fast path and their epilogues against the kernels: not a byte may differ. Run
// again with NPUWHISPER_CPU for each instruction set.
#include "device/cpu/integer/product.h"

#include "array_ops.h"
#include "integer_test.h"
#include "layout/tile.h"

namespace npu::testing {
namespace {

using cpu::kPanelCols;
using cpu::integer::kProductRows;
using cpu::integer::PanelMatrix;
using quantised::Input;

struct Size {
  size_t rows, inputs, outputs;
};
// Single rows, whole and partial tiles, objects and panels; the widest product of Whisper large.
constexpr Size kSizes[] = {{1, 64, 64},    {56, 128, 64},  {64, 80, 96},  {65, 240, 128},
                           {200, 512, 64}, {17, 512, 200}, {3, 5120, 64}, {113, 129, 33}};

class Products : public IntegerTest {
 protected:
  quantised::Factors factors(size_t outputs, unsigned least_shift, unsigned most_shift) {
    quantised::Factors made;
    made.mult = random_.tile<int16_t>(outputs, 0, 32767);
    for (size_t tile = 0; tile < outputs; tile += kernels::kTile)
      made.shift.push_back(static_cast<uint8_t>(random_.number<unsigned>(least_shift, most_shift)));
    return made;
  }

  quantised::Matrix matrix(const Size& size, Input input, bool gelu) {
    quantised::Matrix made;
    made.rows = static_cast<uint32_t>(size.outputs);
    made.cols = static_cast<uint32_t>(size.inputs);
    made.input = input;
    for (size_t row = 0; row < size.outputs; ++row) {
      const auto weights = random_.tile<int8_t>(size.inputs);
      made.weights.insert(made.weights.end(), weights.begin(), weights.end());
    }
    made.bias = random_.tile<int32_t>(size.outputs, -(1 << 29) + 1, (1 << 29) - 1);
    if (random_.number(0, 1) == 1)
      for (int32_t& bias : made.bias) bias /= 1024;
    made.out =
        random_.number(0, 7) == 0 ? factors(size.outputs, 0, 47) : factors(size.outputs, 16, 30);
    made.gelu = gelu;
    if (gelu) made.gelu_out = factors(size.outputs, 10, 30);
    return made;
  }

  Rows fast(const quantised::Matrix& matrix, const Rows& in, Kind kind, const Rows* residual) {
    const PanelMatrix panels(matrix);
    const Stored left(in), out(kind, in.rows, matrix.rows);
    const Stored before(residual ? *residual : Rows());
    cpu::AlignedArray<int32_t> sums(3 * kProductRows * kPanelCols);
    for (size_t first = 0; first < in.rows; first += kProductRows) {
      const size_t rows = std::min(kProductRows, in.rows - first);
      for (size_t panel = 0; panel < panels.panels(); ++panel) {
        panels.multiply(*dot_, panel, left.view().from(first, rows), sums.data(),
                        sums.data() + kProductRows * kPanelCols);
        const auto rest = residual ? before.view().from(first, rows) : cpu::integer::View{};
        finish_product(panels, panel, sums.data(), out.view().from(first, rows),
                       residual ? &rest : nullptr);
      }
    }
    return out.rows();
  }

  void compare(Leaves leaves, Kind kind, bool gelu, unsigned most_residual_shift = 0) {
    for (const Size& size : kSizes)
      for (const Input input : {Input::kInt8, Input::kFine})
        for (int round = 0; round < 6; ++round) {
          auto made = matrix(size, input, gelu);
          made.residual_shift = static_cast<uint8_t>(random_.number(0U, most_residual_shift));
          const Rows in = random_rows(cpu::integer::kind_of(input), size.rows, size.inputs);
          const Rows stream = random_rows(Kind::kResidual, size.rows, size.outputs);
          const Rows* residual = kind == Kind::kResidual ? &stream : nullptr;
          expect_equal(fast(made, in, kind, residual), array_product(made, in, leaves, residual),
                       std::to_string(size.rows) + " x " + std::to_string(size.inputs) + " x " +
                           std::to_string(size.outputs));
        }
  }
};

TEST_F(Products, ToInt8) {
  compare(Leaves::kInt8, Kind::kUnsigned, false);
}
TEST_F(Products, ToTwoPlanes) {
  compare(Leaves::kFine, Kind::kFine, false);
}
TEST_F(Products, ToValuesOfABlock) {
  compare(Leaves::kValues, Kind::kSigned, false);
}
TEST_F(Products, ToKeysOfABlock) {
  compare(Leaves::kKeys, Kind::kSigned, false);
}
TEST_F(Products, ThroughGeluToInt8) {
  compare(Leaves::kInt8, Kind::kUnsigned, true);
}
TEST_F(Products, ThroughGeluToTwoPlanes) {
  compare(Leaves::kFine, Kind::kFine, true);
}
TEST_F(Products, ThroughGeluIntoTheStream) {
  compare(Leaves::kResidual, Kind::kResidual, true);
}
TEST_F(Products, IntoTheStream) {
  compare(Leaves::kResidual, Kind::kResidual, false);
}
TEST_F(Products, IntoAStreamWhoseStepGrows) {
  compare(Leaves::kResidual, Kind::kResidual, false, 15);
}

// Sums of the factor 1 from a bias alone: every input of GELU around the ends of its table, and the
// far ends of 32 bits.
TEST_F(Products, GeluBeyondItsTable) {
  quantised::Matrix made;
  made.rows = 64, made.cols = 64;
  made.weights.resize(64 * 64);
  made.gelu = true;
  made.out = {std::vector<int16_t>(64, 1), {0}};
  const Rows in = random_rows(Kind::kUnsigned, 1, 64);
  for (const int32_t from :
       {-40000, -32800, -64, 0, 32704, 32767, 40000, (1 << 29) - 64, -(1 << 29)})
    for (const unsigned shift : {0U, 4U, 15U, 30U}) {
      made.bias.clear();
      for (int32_t i = 0; i < 64; ++i) made.bias.push_back(from + i);
      made.gelu_out = {std::vector<int16_t>(64, int16_t{16384}), {static_cast<uint8_t>(shift)}};
      for (const Leaves leaves : {Leaves::kInt8, Leaves::kFine})
        expect_equal(
            fast(made, in, leaves == Leaves::kInt8 ? Kind::kUnsigned : Kind::kFine, nullptr),
            array_product(made, in, leaves), std::to_string(from));
    }
}

// The greatest inputs and weights in the widest product: partial sums of the planes leave 32 bits
// and come back.
TEST_F(Products, TheGreatestSums) {
  const Size size{2, 5120, 64};
  for (const int value : {int{kernels::kFineLeast}, int{kernels::kFineMost}})
    for (const int8_t weight : {int8_t{127}, int8_t{-127}}) {
      auto made = matrix(size, Input::kFine, false);
      std::fill(made.weights.begin(), made.weights.end(), weight);
      Rows in(Kind::kFine, size.rows, size.inputs);
      for (size_t i = 0; i < in.values.size(); ++i) in.put(i, value);
      expect_equal(fast(made, in, Kind::kFine, nullptr), array_product(made, in, Leaves::kFine),
                   std::to_string(value));
    }
}

}  // namespace
}  // namespace npu::testing
