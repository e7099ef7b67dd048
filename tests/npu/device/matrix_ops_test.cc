// SPDX-License-Identifier: LGPL-2.1-or-later
// Linear, convolution, layer norm and embedding against plain loops in double, on odd sizes.
#include <cmath>

#include "close.h"
#include "rig.h"
#include "rounding.h"

namespace npu::testing {
namespace {

constexpr int kRowCounts[] = {1, 3, 15, 16, 17, 64, 65, 448};

double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

// Sum of products and how far f32 may be from it: each of `depth` steps rounds once.
Expected sum_of_products(const float* a, const float* b, size_t depth, size_t step_b = 1) {
  double sum = 0, magnitude = 0;
  for (size_t k = 0; k < depth; ++k) {
    const double product = double{a[k]} * b[k * step_b];
    sum += product;
    magnitude += std::abs(product);
  }
  return {sum, (static_cast<double>(depth) + 2) * kUnit * magnitude};
}

// y after bias, GELU and residual: a few operations more, GELU with a slope of at most 1.13 and,
// but in f32, an approximation.
Expected after(Precision precision, Expected y, double bias, bool with_gelu, double residual) {
  double value = y.value + bias;
  double bound = y.bound + 2 * kUnit * (std::abs(y.value) + std::abs(bias));
  if (with_gelu) {
    bound = 1.13 * bound + 8 * kUnit * (std::abs(value) + 1);
    if (precision != Precision::kF32) bound += 1e-4;
    value = gelu(value);
  }
  return {value + residual, bound + 2 * kUnit * (std::abs(value) + std::abs(residual))};
}

struct Sizes {
  int in, out;
};

class MatrixOps : public OnDevice {};

TEST_P(MatrixOps, LinearIsTheProductForAllSizes) {
  for (const int rows : kRowCounts)
    for (const Sizes& cols : {Sizes{64, 64}, {80, 65}, {384, 33}, {65, 1280}, {1280, 31}}) {
      const WeightRef weight{"w.weight", {size(cols.out), size(cols.in)}};
      const WeightRef bias{"w.bias", {size(cols.out)}};
      const OpList list{"linear",
                        {{rows, cols.in, "in"}, {rows, cols.out, "out"}},
                        {Linear{0, 1, weight, bias, false, std::nullopt}}};
      Rig rig(GetParam(), {list}, {});
      const auto in = random_floats(size(rows * cols.in), 1);
      ASSERT_EQ(failure(rig.context->write("in", in)), "");
      ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
      std::vector<float> out(size(rows * cols.out));
      ASSERT_EQ(failure(rig.context->read("out", out)), "");
      const Precision precision = GetParam().precision;
      const auto a = seen_rows(precision, in, size(cols.in)), b = weight_of(bias),
                 w = seen_weights(precision, weight_of(weight), size(cols.in));
      std::vector<Expected> expected;
      for (size_t r = 0; r < size(rows); ++r)
        for (size_t c = 0; c < size(cols.out); ++c)
          expected.push_back(after(precision,
                                   sum_of_products(a.data() + r * size(cols.in),
                                                   w.data() + c * size(cols.in), size(cols.in)),
                                   b[c], false, 0));
      EXPECT_TRUE(all_close(out, expected)) << rows << " rows, " << cols.in << " to " << cols.out;
    }
}

TEST_P(MatrixOps, LinearOnTheRowTableIsTheProductForAllSizes) {
  for (const int rows : {1, 2, 7, 16, 57, 228}) {
    const int in_cols = 130, out_cols = 300;
    const WeightRef weight{"w.weight", {300, 130}}, bias{"w.bias", {300}};
    const OpList list{"linear",
                      {{kTableRows, in_cols, "in"}, {kTableRows, out_cols, "out"}},
                      {Linear{0, 1, weight, bias, false, std::nullopt}}};
    ContextLimits limits;
    limits.max_rows = rows;
    limits.self_slots = rows;
    Rig rig(GetParam(), {list}, limits);
    const auto in = random_floats(size(rows * in_cols), 1);
    ASSERT_EQ(failure(rig.context->write("in", in)), "");
    std::vector<Row> table;
    for (int row = 0; row < rows; ++row) table.push_back({0, 0, row, 0});
    Replay replay;
    replay.rows = table;
    ASSERT_EQ(failure(rig.context->run(0, replay, {}, {})), "");
    std::vector<float> out(size(rows * out_cols));
    ASSERT_EQ(failure(rig.context->read("out", out)), "");
    const Precision precision = GetParam().precision;
    const auto a = seen_table_rows(precision, in, size(in_cols)), b = weight_of(bias),
               w = seen_weights(precision, weight_of(weight), size(in_cols));
    std::vector<Expected> expected;
    for (size_t i = 0; i < out.size(); ++i)
      expected.push_back(
          after(precision, sum_of_products(a.data() + i / 300 * 130, w.data() + i % 300 * 130, 130),
                b[i % 300], false, 0));
    EXPECT_TRUE(all_close(out, expected)) << rows << " rows";
  }
}

TEST_P(MatrixOps, LinearAppliesGeluThenAddsTheResidualInPlace) {
  const int rows = 17, cols = 96;
  const WeightRef weight{"w.weight", {96, 96}};
  const OpList list{"linear",
                    {{rows, cols, "in"}, {rows, cols, "x"}},
                    {Linear{0, 1, weight, std::nullopt, true, 1}}};
  Rig rig(GetParam(), {list}, {});
  const auto in = random_floats(size(rows * cols), 1, 3), x = random_floats(size(rows * cols), 2);
  ASSERT_EQ(failure(rig.context->write("in", in)), "");
  ASSERT_EQ(failure(rig.context->write("x", x)), "");
  ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
  std::vector<float> out(x.size());
  ASSERT_EQ(failure(rig.context->read("x", out)), "");
  const Precision precision = GetParam().precision;
  const auto a = seen_rows(precision, in, size(cols)),
             w = seen_weights(precision, weight_of(weight), size(cols));
  std::vector<Expected> expected;
  for (size_t i = 0; i < out.size(); ++i)
    expected.push_back(after(precision,
                             sum_of_products(a.data() + i / size(cols) * size(cols),
                                             w.data() + i % size(cols) * size(cols), size(cols)),
                             0, true, x[i]));
  EXPECT_TRUE(all_close(out, expected));
}

TEST_P(MatrixOps, GeluIsExactFromTailToTail) {
  // x times the identity.
  class Identity : public WeightSource {
    Result<void> read(const WeightRef& ref, std::span<float> out) override {
      for (size_t i = 0; i < out.size(); ++i)
        out[i] = i / ref.shape[1] == i % ref.shape[1] ? 1.0f : 0.0f;
      return {};
    }
  } identity;
  const OpList list{"gelu",
                    {{1, 2048, "x"}, {1, 2048, "y"}},
                    {Linear{0, 1, {"identity", {2048, 2048}}, std::nullopt, true, std::nullopt}}};
  auto device = GetParam().make();
  const Precision precision = GetParam().precision;
  auto program = device->load({&list, 1}, identity, precision, {}, {});
  ASSERT_EQ(failure(program), "");
  auto context = (*program)->create_context({});
  ASSERT_EQ(failure(context), "");
  std::vector<float> x(2048), y(2048);
  for (size_t i = 0; i < x.size(); ++i) x[i] = (static_cast<float>(i) - 1024) / 64;  // -16..16
  ASSERT_EQ(failure((*context)->write("x", x)), "");
  ASSERT_EQ(failure((*context)->run(0, {}, {}, {})), "");
  ASSERT_EQ(failure((*context)->read("y", y)), "");
  std::vector<Expected> expected;
  for (const float value : seen_rows(precision, x, x.size()))
    expected.push_back({gelu(value), precision == Precision::kF32 ? 4 * kUnit * std::abs(value)
                                                                  : 1e-4 + 1e-6 * std::abs(value)});
  EXPECT_TRUE(all_close(y, expected));
}

TEST_P(MatrixOps, ConvolutionPadsWithOneRowOfZerosAndAddsPositionsAfterGelu) {
  for (const int stride : {1, 2})
    for (const int rows : {6, 130}) {
      const int in_cols = 80, out_cols = 64, out_rows = rows / stride;
      const WeightRef weight{"c.weight", {64, 80, 3}}, bias{"c.bias", {64}};
      const WeightRef positions{"positions", {size(out_rows), 64}};
      const OpList list{"convolution",
                        {{rows, in_cols, "in"}, {out_rows, out_cols, "out"}},
                        {Convolution{0, 1, weight, bias, stride, true, positions}}};
      Rig rig(GetParam(), {list}, {});
      const auto in = random_floats(size(rows * in_cols), 1);
      ASSERT_EQ(failure(rig.context->write("in", in)), "");
      ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
      std::vector<float> out(size(out_rows * out_cols));
      ASSERT_EQ(failure(rig.context->read("out", out)), "");
      // Convolutions are bfloat16 in all precisions but f32.
      const Precision precision = GetParam().precision;
      const bool exact = precision == Precision::kF32;
      const auto a = exact ? in : as_bf16(in), b = weight_of(bias), p = weight_of(positions),
                 w = exact ? weight_of(weight) : as_bf16(weight_of(weight));
      std::vector<Expected> expected;
      for (int t = 0; t < out_rows; ++t)
        for (int o = 0; o < out_cols; ++o) {
          Expected sum{0, 0};
          for (int k = 0; k < 3; ++k) {
            const int from = stride * t + k - 1;
            if (from < 0 || from >= rows) continue;
            const Expected tap = sum_of_products(
                a.data() + from * in_cols, w.data() + size(o * in_cols * 3 + k), size(in_cols), 3);
            sum.value += tap.value;
            sum.bound += 3 * tap.bound;
          }
          const size_t at = size(t * out_cols + o);
          expected.push_back(after(precision, sum, b[size(o)], true, p[at]));
        }
      EXPECT_TRUE(all_close(out, expected)) << "stride " << stride << ", " << rows << " rows";
    }
}

TEST_P(MatrixOps, LayerNormCentresAndScalesEachRow) {
  for (const int rows : kRowCounts)
    for (const int cols : {64, 65, 384, 1280}) {
      const WeightRef gain{"n.weight", {size(cols)}}, bias{"n.bias", {size(cols)}};
      const OpList list{
          "norm", {{rows, cols, "in"}, {rows, cols, "out"}}, {LayerNorm{0, 1, gain, bias}}};
      Rig rig(GetParam(), {list}, {});
      auto in = random_floats(size(rows * cols), 1, 5);
      for (float& x : in) x += 2;
      ASSERT_EQ(failure(rig.context->write("in", in)), "");
      ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
      std::vector<float> out(in.size());
      ASSERT_EQ(failure(rig.context->read("out", out)), "");
      const auto g = weight_of(gain), b = weight_of(bias);
      std::vector<Expected> expected;
      for (size_t r = 0; r < size(rows); ++r) {
        const float* x = in.data() + r * size(cols);
        double mean = 0, variance = 0;
        for (size_t c = 0; c < size(cols); ++c) mean += x[c] / static_cast<double>(cols);
        for (size_t c = 0; c < size(cols); ++c)
          variance += (x[c] - mean) * (x[c] - mean) / static_cast<double>(cols);
        const double scale = 1 / std::sqrt(variance + 1e-5);
        // A running f32 sum of `cols` values of up to 7 gives the mean; the rest is a few
        // roundings.
        const double mean_error = cols * kUnit * 7;
        for (size_t c = 0; c < size(cols); ++c) {
          const double y = (x[c] - mean) * scale;
          expected.push_back(
              {y * g[c] + b[c],
               (mean_error * scale + (cols + 8) * kUnit * std::abs(y)) * std::abs(g[c]) +
                   4 * kUnit * (std::abs(b[c]) + 1)});
        }
      }
      EXPECT_TRUE(all_close(out, expected)) << rows << " x " << cols;
    }
}

TEST_P(MatrixOps, EmbedAddsTokenAndPosition) {
  const WeightRef tokens{"tokens", {101, 65}}, positions{"positions", {12, 65}};
  const OpList list{"embed", {{kTableRows, 65, "out"}}, {Embed{0, tokens, positions}}};
  ContextLimits limits;
  limits.max_rows = 3;
  Rig rig(GetParam(), {list}, limits);
  const Row rows[] = {{100, 0, 0, 0}, {0, 11, 0, 0}, {33, 5, 0, 0}};
  Replay replay;
  replay.rows = rows;
  ASSERT_EQ(failure(rig.context->run(0, replay, {}, {})), "");
  std::vector<float> out(3 * 65);
  ASSERT_EQ(failure(rig.context->read("out", out)), "");
  const auto t = seen_embedding(GetParam().precision, weight_of(tokens), 65).values,
             p = weight_of(positions);
  for (size_t r = 0; r < 3; ++r)
    for (size_t c = 0; c < 65; ++c)
      EXPECT_EQ(out[r * 65 + c],
                t[size(rows[r].token) * 65 + c] + p[size(rows[r].position) * 65 + c]);
}

// A norm whose only reader is a linear is computed where the linear's rows are prepared.
TEST_P(MatrixOps, ALinearReadsTheNormedRows) {
  const int cols = 80;
  const WeightRef gain{"n.weight", {80}}, bias{"n.bias", {80}}, weight{"w.weight", {96, 80}};
  for (const int rows : {3, 130}) {
    const OpList list{
        "norm",
        {{rows, cols, "x"}, {rows, cols, "seen"}, {rows, cols, ""}, {rows, 96, "out"}},
        {LayerNorm{0, 1, gain, bias}, LayerNorm{0, 2, gain, bias},
         Linear{2, 3, weight, std::nullopt, false, std::nullopt}}};
    Rig rig(GetParam(), {list}, {});
    const auto x = random_floats(size(rows * cols), 1, 5);
    ASSERT_EQ(failure(rig.context->write("x", x)), "");
    ASSERT_EQ(failure(rig.context->run(0, {}, {}, {})), "");
    Floats normed(x.size()), out(size(rows) * 96);
    ASSERT_EQ(failure(rig.context->read("seen", normed)), "");
    ASSERT_EQ(failure(rig.context->read("out", out)), "");
    const Precision precision = GetParam().precision;
    const auto a = seen_rows(precision, normed, size(cols)),
               w = seen_weights(precision, weight_of(weight), size(cols));
    std::vector<Expected> expected;
    for (size_t i = 0; i < out.size(); ++i)
      expected.push_back(
          sum_of_products(a.data() + i / 96 * size(cols), w.data() + i % 96 * size(cols), 80));
    EXPECT_TRUE(all_close(out, expected)) << rows << " rows";
  }
}

// The input of the norm changes before the linear reads the norm.
TEST_P(MatrixOps, ANormIsOfItsInputAsItWas) {
  const int rows = 5, cols = 64;
  const WeightRef gain{"n.weight", {64}}, bias{"n.bias", {64}}, weight{"w.weight", {64, 64}};
  const auto linear = [&](ValueId in, ValueId out, std::optional<ValueId> residual) {
    return Linear{in, out, weight, std::nullopt, false, residual};
  };
  const Value temporary{rows, cols, ""};
  const std::vector<Value> values{
      {rows, cols, "x"}, temporary, {rows, cols, "out"}, {rows, cols, "y"}};
  const OpList late{
      "late", values, {LayerNorm{0, 1, gain, bias}, linear(3, 0, 0), linear(1, 2, std::nullopt)}};
  const OpList early{
      "early", values, {LayerNorm{0, 1, gain, bias}, linear(1, 2, std::nullopt), linear(3, 0, 0)}};
  Rig rig(GetParam(), {late, early}, {});
  const auto x = random_floats(size(rows * cols), 1, 5), y = random_floats(size(rows * cols), 2, 5);
  Floats out[2] = {Floats(x.size()), Floats(x.size())};
  ASSERT_EQ(failure(rig.context->write("y", y)), "");
  for (const size_t list : {size_t{0}, size_t{1}}) {
    ASSERT_EQ(failure(rig.context->write("x", x)), "");
    ASSERT_EQ(failure(rig.context->run(list, {}, {}, {})), "");
    ASSERT_EQ(failure(rig.context->read("out", out[list])), "");
  }
  EXPECT_EQ(out[0], out[1]);
}

INSTANTIATE_TEST_SUITE_P(Devices, MatrixOps, ::testing::ValuesIn(kDevices), device_name());
INSTANTIATE_TEST_SUITE_P(MixedDevices, MatrixOps, ::testing::ValuesIn(kMixedDevices),
                         device_name());

}  // namespace
}  // namespace npu::testing
