// SPDX-License-Identifier: LGPL-2.1-or-later
// The dot products and the softmax of every variant that this CPU supports, against exact integers
// and loops in double, on ragged sizes and at the ends of the ranges. Run again with NPUWHISPER_CPU
// for each instruction set.
#include "device/cpu/mixed/dot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "close.h"
#include "device/cpu/aligned.h"
#include "half.h"
#include "rig.h"

namespace npu::testing {
namespace {

using cpu::DotVariant;
using cpu::kPanelCols;

constexpr size_t kRowCounts[] = {1,  2,  3,  4,  5,  6,  7,  8,  11, 12, 13,
                                 14, 15, 16, 17, 28, 29, 32, 33, 48, 49, 64};
constexpr size_t kGroupCounts[] = {1, 2, 7, 16, 23, 128, 1280};

class Dots : public ::testing::TestWithParam<const DotVariant*> {
 protected:
  void SetUp() override {
    const auto forced = cpu::dot_variant();
    if (!forced) GTEST_SKIP() << forced.error().message;
    if (!GetParam()->supported()) GTEST_SKIP() << "this CPU has no " << GetParam()->name;
  }
};

// Uniform in begin..end, both included.
int random_integer(Random& random, int begin, int end) {
  const float at = (random.next() + 1) / 2 * static_cast<float>(end - begin + 1);
  return std::min(begin + static_cast<int>(at), end);
}

struct Int8Case {
  std::vector<uint8_t> a;
  std::vector<int8_t> b;
  size_t rows, groups, lda;

  Int8Case(size_t row_count, size_t group_count)
      : a(row_count * (4 * group_count + 5)),
        b(group_count * kPanelCols * 4),
        rows(row_count),
        groups(group_count),
        lda(4 * group_count + 5) {}

  // Fetching something else meanwhile must change nothing.
  void expect_exact(const DotVariant& variant) const {
    for (const void* ahead :
         {static_cast<const void*>(nullptr), static_cast<const void*>(a.data())})
      expect_exact(variant, ahead);
  }

  void expect_exact(const DotVariant& variant, const void* ahead) const {
    constexpr size_t kStride = kPanelCols + 3;
    std::vector<int32_t> out(rows * kStride, 12345);
    variant.int8({a.data(), lda, rows, b.data(), groups, out.data(), kStride, ahead});
    for (size_t r = 0; r < rows; ++r) {
      const auto sums = sums_of(a.data() + r * lda);
      for (size_t c = 0; c < kPanelCols; ++c)
        ASSERT_EQ(out[r * kStride + c], sums[c])
            << "row " << r << " of " << rows << ", column " << c << ", " << groups << " groups";
      for (size_t c = kPanelCols; c < kStride; ++c) ASSERT_EQ(out[r * kStride + c], 12345);
    }
  }

  std::array<int32_t, kPanelCols> sums_of(const uint8_t* row) const {
    std::array<int32_t, kPanelCols> sums{};
    const int8_t* from = b.data();
    for (size_t group = 0; group < groups; ++group, row += 4)
      for (int32_t& sum : sums)
        for (size_t i = 0; i < 4; ++i) sum += row[i] * *from++;
    return sums;
  }
};

TEST_P(Dots, Int8IsExactForAllSizes) {
  for (const size_t rows : kRowCounts)
    for (const size_t groups : kGroupCounts) {
      Int8Case test(rows, groups);
      Random random(rows * 1000 + groups);
      for (uint8_t& x : test.a) x = static_cast<uint8_t>(random_integer(random, 0, 255));
      for (int8_t& x : test.b) x = static_cast<int8_t>(random_integer(random, -128, 127));
      test.expect_exact(*GetParam());
    }
}

TEST_P(Dots, Int8DoesNotSaturateAtTheEndsOfTheRange) {
  for (const int8_t end : {int8_t{127}, int8_t{-128}}) {
    Int8Case test(15, 2048);
    std::fill(test.a.begin(), test.a.end(), uint8_t{255});
    std::fill(test.b.begin(), test.b.end(), end);
    test.expect_exact(*GetParam());
  }
}

TEST_P(Dots, ProductsAreTheSameAfterARest) {
  for (const size_t rows : {size_t{10}, size_t{20}}) {
    Int8Case test(rows, 16);
    Random random(rows);
    for (uint8_t& x : test.a) x = static_cast<uint8_t>(random_integer(random, 0, 255));
    for (int8_t& x : test.b) x = static_cast<int8_t>(random_integer(random, -128, 127));
    test.expect_exact(*GetParam());
    GetParam()->rest();
    GetParam()->rest();
    test.expect_exact(*GetParam());
  }
}

std::vector<double> as_doubles(const std::vector<uint16_t>& halves) {
  std::vector<double> values;
  for (const uint16_t half : halves) values.push_back(bfloat16_to_float(half));
  return values;
}

TEST_P(Dots, Bf16IsTheProductForAllSizes) {
  for (const size_t rows : kRowCounts)
    for (const size_t groups : kGroupCounts)
      for (const bool accumulate : {false, true}) {
        const size_t lda = 2 * groups + 3, stride = kPanelCols + 5;
        Random random(rows * 1000 + groups);
        std::vector<uint16_t> a(rows * lda), b(groups * kPanelCols * 2);
        for (auto* values : {&a, &b})
          for (uint16_t& x : *values) x = float_to_bfloat16(random.next());
        std::vector<float> out(rows * stride), scale(rows);
        for (auto* values : {&out, &scale})
          for (float& x : *values) x = random.next();
        const auto before = out;
        const auto wide_a = as_doubles(a), wide_b = as_doubles(b);
        GetParam()->bf16({a.data(), lda, rows, b.data(), groups, out.data(), stride,
                          accumulate ? scale.data() : nullptr});
        std::vector<Expected> expected;
        for (size_t r = 0; r < rows; ++r)
          for (size_t c = 0; c < stride; ++c) {
            if (c >= kPanelCols) {
              expected.push_back({before[r * stride + c], 0});
              continue;
            }
            double sum = accumulate ? double{before[r * stride + c]} * scale[r] : 0;
            double magnitude = std::abs(sum);
            for (size_t k = 0; k < 2 * groups; ++k) {
              const double product =
                  wide_a[r * lda + k] * wide_b[(k / 2 * kPanelCols + c) * 2 + k % 2];
              sum += product;
              magnitude += std::abs(product);
            }
            expected.push_back({sum, (2.0 * static_cast<double>(groups) + 4) * kUnit * magnitude});
          }
        ASSERT_TRUE(all_close(out, expected)) << rows << " rows, " << groups << " groups";
      }
}

// Feeds scores in blocks, and compares with the softmax of all of them.
TEST_P(Dots, SoftmaxOfBlocksIsThatOfAll) {
  constexpr size_t kRows = 5, kBlock = 128;
  for (const size_t total : {size_t{1}, size_t{15}, size_t{128}, size_t{129}, size_t{1500}})
    for (const float spread : {1.0f, 30.0f, 400.0f}) {
      auto scores = random_floats(kRows * total, total, spread);
      // A row that grows, so that its reference moves again and again.
      for (size_t i = 0; i < total; ++i) scores[i] = static_cast<float>(i) / 4;
      std::vector<float> reference(kRows, -std::numeric_limits<float>::infinity());
      std::vector<float> sums(kRows * cpu::kSumLanes), rescale(kRows);
      std::vector<double> weights(kRows * total);
      for (size_t begin = 0; begin < total; begin += kBlock) {
        const size_t cols = std::min(kBlock, total - begin), stride = kBlock + 16;
        std::vector<float> block(kRows * stride, 1e6f);  // what must not count
        for (size_t r = 0; r < kRows; ++r)
          std::copy_n(scores.data() + r * total + begin, cols, block.data() + r * stride);
        std::vector<uint16_t> out(kRows * (kBlock + 32), 0xffff);
        GetParam()->softmax({block.data(), stride, out.data(), kBlock + 32, kRows, cols,
                             reference.data(), sums.data(), rescale.data()});
        for (size_t r = 0; r < kRows; ++r) {
          for (size_t i = 0; i < begin; ++i) weights[r * total + i] *= rescale[r];
          for (size_t i = 0; i < cols; ++i)
            weights[r * total + begin + i] = bfloat16_to_float(out[r * (kBlock + 32) + i]);
          if (cols % 2) {
            EXPECT_EQ(out[r * (kBlock + 32) + cols], 0);
          }
        }
      }
      for (size_t r = 0; r < kRows; ++r) {
        double most = -1e300, sum = 0, found_sum = 0;
        for (size_t i = 0; i < total; ++i) most = std::max(most, double{scores[r * total + i]});
        for (size_t i = 0; i < total; ++i) sum += std::exp2(scores[r * total + i] - most);
        for (size_t i = 0; i < cpu::kSumLanes; ++i) found_sum += sums[r * cpu::kSumLanes + i];
        for (size_t i = 0; i < total; ++i) {
          const double exact = std::exp2(scores[r * total + i] - most) / sum;
          // Rounding to bfloat16, and a score's own rounding when it is large.
          const double bound = exact * (0x1p-8 + 2e-4 + 400 * kUnit) + 1e-30;
          ASSERT_NEAR(weights[r * total + i] / found_sum, exact, bound)
              << "row " << r << ", score " << i << " of " << total << ", spread " << spread;
        }
      }
    }
}

TEST(DotVariants, TheNameDecides) {
  for (const DotVariant& variant : cpu::dot_variants()) {
    const auto chosen = cpu::choose_dot_variant(variant.name);
    EXPECT_EQ(chosen.has_value(), variant.supported()) << variant.name;
    if (chosen) {
      EXPECT_STREQ((*chosen)->name, variant.name);
    }
  }
  EXPECT_EQ(failure(cpu::choose_dot_variant(nullptr)), "");
  EXPECT_EQ(failure(cpu::choose_dot_variant("")), "");
}

TEST(DotVariants, AnUnknownNameIsRefusedWithThoseThatAreThere) {
  const auto chosen = cpu::choose_dot_variant("z80");
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(chosen.error().message.find("found 'z80'"), std::string::npos);
  for (const DotVariant& variant : cpu::dot_variants())
    EXPECT_EQ(chosen.error().message.find(variant.name) != std::string::npos, variant.supported());
}

TEST(DotVariants, TheEnvironmentForcesOne) {
  const char* name = std::getenv("NPUWHISPER_CPU");
  if (!name) GTEST_SKIP() << "NPUWHISPER_CPU is not set";
  const auto variant = cpu::dot_variant();
  if (!variant) GTEST_SKIP() << variant.error().message;
  EXPECT_STREQ((*variant)->name, name);
}

std::vector<const DotVariant*> all_variants() {
  std::vector<const DotVariant*> all;
  for (const DotVariant& variant : cpu::dot_variants()) all.push_back(&variant);
  return all;
}

std::string variant_name(const ::testing::TestParamInfo<const DotVariant*>& test) {
  std::string name = test.param->name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Variants, Dots, ::testing::ValuesIn(all_variants()), variant_name);

}  // namespace
}  // namespace npu::testing
