// SPDX-License-Identifier: LGPL-2.1-or-later
// Each field of a shim's buffer descriptor: where it lies, and its limit, found by one more.
#include "device/xrt/stream/shim_bd.h"

#include <gtest/gtest.h>

namespace npu::array {
namespace {

ShimBd most() {
  return {.place = {0, 64},
          .length = 0xFFFF'FFFF,
          .d0 = {1023, 1u << 20},
          .d1 = {1023, 1u << 20},
          .d2_step = 1u << 20,
          .iteration = {64, 1u << 20}};
}

TEST(ShimBd, HoldsTheGreatestValueOfEachField) {
  const Result<BdWords> words = encode(most(), 15);
  ASSERT_TRUE(words) << words.error().message;
  const BdWords wanted{0xFFFF'FFFF, 64,          0,           0x3FFF'FFFF,
                       0xBFFF'FFFF, 0x020F'FFFF, 0x03FF'FFFF, 0x7E00'0000};
  EXPECT_EQ(*words, wanted);
}

TEST(ShimBd, StoresNothingForWhatIsNotUsed) {
  const Result<BdWords> words = encode({.place = {1, 8}, .length = 5}, std::nullopt);
  ASSERT_TRUE(words) << words.error().message;
  const BdWords wanted{5, 8, 0, 0, 0x8000'0000, 0x0200'0000, 0, 0x0200'0000};
  EXPECT_EQ(*words, wanted);
}

TEST(ShimBd, OneIterationIsNone) {
  ShimBd once{.length = 5, .iteration = {1, 77}};
  ShimBd never{.length = 5};
  EXPECT_EQ(*encode(once, std::nullopt), *encode(never, std::nullopt));
}

struct Limit {
  const char* name;
  void (*change)(ShimBd&);
  const char* message;
};

const Limit kLimits[] = {
    {"NoWords", [](ShimBd& bd) { bd.length = 0; }, "length: expected at least 1 word, found 0"},
    {"D0Wrap", [](ShimBd& bd) { bd.d0.wrap = 1024; }, "D0 wrap: expected at most 1023, found 1024"},
    {"D1Wrap", [](ShimBd& bd) { bd.d1.wrap = 1024; }, "D1 wrap: expected at most 1023, found 1024"},
    {"D0Step", [](ShimBd& bd) { ++bd.d0.step; },
     "D0 step: expected 1 to 1048576 words, found 1048577"},
    {"D0StepZero", [](ShimBd& bd) { bd.d0.step = 0; },
     "D0 step: expected 1 to 1048576 words, found 0"},
    {"D1Step", [](ShimBd& bd) { ++bd.d1.step; },
     "D1 step: expected 1 to 1048576 words, found 1048577"},
    {"D2Step", [](ShimBd& bd) { ++bd.d2_step; },
     "D2 step: expected 1 to 1048576 words, found 1048577"},
    {"D1StepUnused", [](ShimBd& bd) { bd.d1.wrap = 0, bd.d2_step = 0; },
     "D1 step: expected 0, its dimension has no wrap, found 1048576"},
    {"D1WithoutD0", [](ShimBd& bd) { bd.d0 = {}; },
     "D0 wrap: expected 1 or more under D1, found 0"},
    {"D2WithoutD1", [](ShimBd& bd) { bd.d1 = {}; },
     "D1 wrap: expected 1 or more under D2, found 0"},
    {"Iterations", [](ShimBd& bd) { bd.iteration.wrap = 65; },
     "iterations: expected at most 64, found 65"},
    {"IterationStep", [](ShimBd& bd) { ++bd.iteration.step; },
     "iteration step: expected 1 to 1048576 words, found 1048577"},
    {"Argument", [](ShimBd& bd) { bd.place.argument = 8; },
     "argument: expected at most 7, found 8"},
    {"Alignment", [](ShimBd& bd) { bd.place.offset_bytes = 66; },
     "offset: expected a multiple of 4 bytes, found 66"},
    {"Offset", [](ShimBd& bd) { bd.place.offset_bytes = uint64_t{1} << 32; },
     "offset in bytes: expected at most 4294967295, found 4294967296"},
    {"OffsetOfArgument5",
     [](ShimBd& bd) {
       bd.place = {5, 0x8000'0000};
     },
     "offset in bytes, of argument 5 or more: expected at most 2147483647, found 2147483648"},
};

class ShimBdLimit : public testing::TestWithParam<Limit> {};

TEST_P(ShimBdLimit, IsRefused) {
  ShimBd bd = most();
  ASSERT_TRUE(encode(bd, 1));
  GetParam().change(bd);
  const Result<BdWords> words = encode(bd, 1);
  ASSERT_FALSE(words);
  EXPECT_EQ(words.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(words.error().message, std::string("buffer descriptor: ") + GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(Fields, ShimBdLimit, testing::ValuesIn(kLimits),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ShimBd, IsFollowedByOneOfSixteen) {
  const Result<BdWords> words = encode(most(), 16);
  ASSERT_FALSE(words);
  EXPECT_EQ(words.error().message,
            "buffer descriptor: next descriptor: expected at most 15, found 16");
}

TEST(ShimBd, OffsetsOfUntranslatedArgumentsCarryTheArraysView) {
  EXPECT_EQ(*patched_offset({4, 0xFFFF'FFFC}), 0xFFFF'FFFC);
  EXPECT_EQ(*patched_offset({5, 0x7FFF'FFFC}), 0xFFFF'FFFC);
  EXPECT_EQ(*patched_offset({7, 0}), 0x8000'0000);
}

}  // namespace
}  // namespace npu::array
