// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's AIE API against the documented semantics, in 128-bit quotients and remainders.
#include <aie_api/aie.hpp>
#include <numeric>

#include "kernel_test.h"
#include "numerics/exact.h"

namespace {

using kernels::RoundingMode;
using kernels::SaturationMode;
using kernels::exact::Wide;

constexpr RoundingMode kRoundingModes[] = {
    RoundingMode::kFloor,    RoundingMode::kCeil,   RoundingMode::kSymFloor, RoundingMode::kSymCeil,
    RoundingMode::kNegInf,   RoundingMode::kPosInf, RoundingMode::kSymZero,  RoundingMode::kSymInf,
    RoundingMode::kConvEven, RoundingMode::kConvOdd};

// The meaning of each mode, as a choice between the integers around value / 2^shift.
Wide rounded(Wide value, unsigned shift, RoundingMode mode) {
  const Wide divisor = Wide{1} << shift;
  const Wide below = kernels::exact::floor_quotient(value, divisor);
  const Wide rest = value - below * divisor;
  if (rest == 0) return below;
  const bool negative = value < 0;
  switch (mode) {
    case RoundingMode::kFloor:
      return below;
    case RoundingMode::kCeil:
      return below + 1;
    case RoundingMode::kSymFloor:
      return negative ? below + 1 : below;
    case RoundingMode::kSymCeil:
      return negative ? below : below + 1;
    default:
      break;
  }
  if (2 * rest != divisor) return 2 * rest < divisor ? below : below + 1;
  switch (mode) {
    case RoundingMode::kNegInf:
      return below;
    case RoundingMode::kPosInf:
      return below + 1;
    case RoundingMode::kSymZero:
      return negative ? below + 1 : below;
    case RoundingMode::kSymInf:
      return negative ? below : below + 1;
    case RoundingMode::kConvEven:
      return below % 2 == 0 ? below : below + 1;
    default:
      return below % 2 != 0 ? below : below + 1;
  }
}

// What 64 bits can hold at the edges and around every tie of small shifts.
std::vector<int64_t> interesting_values() {
  std::vector<int64_t> values;
  for (int64_t v = -70; v <= 70; ++v) values.push_back(v);
  for (unsigned bit = 6; bit < 63; ++bit) {
    for (int64_t near = -2; near <= 2; ++near) {
      values.push_back((int64_t{1} << bit) + near);
      values.push_back(-(int64_t{1} << bit) + near);
    }
  }
  values.push_back(std::numeric_limits<int64_t>::max());
  values.push_back(std::numeric_limits<int64_t>::min());
  return values;
}

class AieHost : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    aie_host::core_state() = {};  // as after a reset
  }
  static void expect_violation(const char* what) {
    EXPECT_STREQ(aie_host::first_violation(), what);
    aie_host::clear_violations();
  }
};

TEST_F(AieHost, EveryRoundingModeIsItsDefinition) {
  for (const RoundingMode mode : kRoundingModes) {
    for (unsigned shift = 0; shift < 63; ++shift) {
      for (const int64_t value : interesting_values()) {
        ASSERT_EQ(Wide{kernels::shift_round(value, shift, mode)}, rounded(value, shift, mode))
            << "mode " << static_cast<unsigned>(mode) << " value " << value << " shift " << shift;
      }
    }
  }
}

TEST_F(AieHost, SaturationModesClampOrKeepTheLowBits) {
  using kernels::saturate_to;
  EXPECT_EQ(saturate_to<int8_t>(128, SaturationMode::kSaturate), 127);
  EXPECT_EQ(saturate_to<int8_t>(-129, SaturationMode::kSaturate), -128);
  EXPECT_EQ(saturate_to<int8_t>(-128, SaturationMode::kSymmetric), -127);
  EXPECT_EQ(saturate_to<int8_t>(0x1234, SaturationMode::kNone), 0x34);
  EXPECT_EQ(saturate_to<int16_t>(-40000, SaturationMode::kNone), 25536);
  EXPECT_EQ(saturate_to<uint8_t>(-1, SaturationMode::kSaturate), 0);
  EXPECT_EQ(saturate_to<uint8_t>(300, SaturationMode::kSymmetric), 255);
  EXPECT_EQ(saturate_to<int32_t>(std::numeric_limits<int64_t>::min(), SaturationMode::kSaturate),
            std::numeric_limits<int32_t>::min());
}

TEST_F(AieHost, AccumulatorsNarrowByTheModesOfTheCore) {
  aie::accum<acc64, 16> wide;
  wide.from_vector(aie::broadcast<int32, 16>(3), 10);  // 3072
  for (const RoundingMode mode : kRoundingModes) {
    aie::set_rounding(static_cast<aie::rounding_mode>(mode));
    EXPECT_EQ(Wide{wide.to_vector<int16>(11).get(7)}, rounded(3072, 11, mode));
  }
  EXPECT_EQ(wide.to_vector<int8>(0).get(0), 0);  // reset state: low bits of 0xC00
  aie::set_saturation(aie::saturation_mode::saturate);
  EXPECT_EQ(wide.to_vector<int8>(0).get(0), 127);
}

// Seen on silicon: without saturation 0x18000 becomes 0x8000 in 16 bits and 0 in 8; with it 127.
TEST_F(AieHost, EightBitsFrom64GoThrough16) {
  aie::accum<acc64, 16> sum;
  sum.from_vector(aie::broadcast<int32, 16>(0x18000));
  EXPECT_EQ(sum.to_vector<int8>().get(0), 0);
  EXPECT_EQ(sum.to_vector<int16>().get(0), -32768);
  aie::set_saturation(aie::saturation_mode::symmetric);
  EXPECT_EQ(sum.to_vector<int8>().get(0), 127);
  sum.from_vector(aie::broadcast<int32, 16>(-0x18000));
  EXPECT_EQ(sum.to_vector<int8>().get(0), -127);
}

TEST_F(AieHost, ThirtyTwoBitsFrom32IsACopy) {
  aie::set_rounding(aie::rounding_mode::conv_even);
  aie::set_saturation(aie::saturation_mode::symmetric);
  aie::accum<acc32, 8> sum;
  sum.from_vector(aie::broadcast<int32, 8>(std::numeric_limits<int32>::min()));
  EXPECT_EQ(sum.to_vector<int32>(5).get(0), std::numeric_limits<int32>::min());
}

TEST_F(AieHost, AccumulatorsWrapAtTheirWidth) {
  const auto big = aie::broadcast<int16, 16>(-32768);
  auto sum32 = aie::mul<acc32>(big, big);
  auto sum64 = aie::mul<acc64>(big, big);
  sum32 = aie::mac(sum32, big, big);
  sum64 = aie::mac(sum64, big, big);
  aie::set_saturation(aie::saturation_mode::saturate);
  EXPECT_EQ(sum32.to_vector<int32>().get(3), std::numeric_limits<int32>::min());
  EXPECT_EQ(sum64.to_vector<int32>(1).get(3), int32_t{1} << 30);
  static_assert(std::is_same_v<decltype(aie::mul(big, big)), aie::accum<acc32, 16>>);
  static_assert(
      std::is_same_v<decltype(aie::mul(aie::broadcast<int32, 16>(0), big)), aie::accum<acc64, 16>>);
}

TEST_F(AieHost, VectorsWrapAndSaturatingAddDoesNot) {
  const auto most = aie::broadcast<int16, 16>(32767);
  const auto one = aie::broadcast<int16, 16>(1);
  EXPECT_EQ(aie::add(most, one).get(0), -32768);
  EXPECT_EQ(aie::sub(aie::broadcast<int16, 16>(-32768), one).get(0), 32767);
  EXPECT_EQ(aie::saturating_add(most, one).get(0), 32767);
  EXPECT_EQ(aie::saturating_sub(aie::broadcast<int16, 16>(-32768), one).get(0), -32768);
  EXPECT_EQ(aie::saturating_sub(most, aie::broadcast<int16, 16>(-1)).get(0), 32767);
  EXPECT_EQ(
      aie::saturating_add(aie::broadcast<int16, 16>(-32768), aie::broadcast<int16, 16>(-1)).get(15),
      -32768);
}

TEST_F(AieHost, MatrixProductIsExactModulo32Bits) {
  Tiles tiles(11);
  using Product = aie::mmul<4, 8, 8, int8, int8>;
  for (int round = 0; round < 2000; ++round) {
    aie_host::TileBuffer<int8_t> a(tiles.tile<int8_t>(32)), b(tiles.tile<int8_t>(64));
    aie_host::TileBuffer<int32_t> start(tiles.tile<int32_t>(32));
    const auto va = a.values(), vb = b.values();
    const auto vs = start.values();
    Product product(aie::load_v<32>(start.data()));
    product.mac(aie::load_v<32>(a.data()), aie::load_v<64>(b.data()));
    const auto out = product.to_vector<int32>();
    for (unsigned i = 0; i < 32; ++i) {
      Wide sum = vs[i];
      for (unsigned k = 0; k < 8; ++k) sum += Wide{va[i / 8 * 8 + k]} * vb[k * 8 + i % 8];
      ASSERT_EQ(out.get(i), static_cast<int32_t>(static_cast<int64_t>(sum)));
    }
  }
}

// A quotient of the true sum says what SRS must make of it: nothing wraps at 32 bits on the way.
template <typename Left>
void expect_exact_wide_products(uint32_t seed) {
  Tiles tiles(seed);
  using Product = aie::mmul<4, 4, 4, Left, int16, acc64>;
  for (int round = 0; round < 2000; ++round) {
    aie_host::TileBuffer<Left> a(tiles.tile<Left>(2 * Product::size_A));
    aie_host::TileBuffer<int16_t> b(tiles.tile<int16_t>(2 * Product::size_B));
    const auto va = a.values();
    const auto vb = b.values();
    Product product;
    product.mac(aie::load_v<16>(a.data()), aie::load_v<16>(b.data()));
    product.mac(aie::load_v<16>(a.data() + 16), aie::load_v<16>(b.data() + 16));
    const auto high = product.template to_vector<int32>(20);
    const auto low = product.template to_vector<int32>(0);
    for (unsigned i = 0; i < 16; ++i) {
      Wide sum = 0;
      for (unsigned k = 0; k < 8; ++k) {
        const unsigned block = k / 4 * 16;
        sum += Wide{va[block + i / 4 * 4 + k % 4]} * vb[block + k % 4 * 4 + i % 4];
      }
      ASSERT_EQ(high.get(i), static_cast<int32_t>(kernels::exact::floor_quotient(sum, 1 << 20)));
      ASSERT_EQ(low.get(i), static_cast<int32_t>(static_cast<int64_t>(sum)));
    }
  }
}

TEST_F(AieHost, MatrixProductOf16BitsIsExactIn64) {
  expect_exact_wide_products<int16_t>(12);
}
TEST_F(AieHost, MatrixProductOf32And16BitsIsExactIn64) {
  expect_exact_wide_products<int32_t>(13);
}

TEST_F(AieHost, FirstMacOfAnEmptyProductStartsFromZero) {
  aie::mmul<4, 8, 8, int8, int8> product;
  product.mac(aie::broadcast<int8, 32>(2), aie::broadcast<int8, 64>(3));
  EXPECT_EQ(product.to_vector<int32>().get(31), 48);
  product.mul(aie::broadcast<int8, 32>(1), aie::broadcast<int8, 64>(1));
  EXPECT_EQ(product.to_vector<int32>().get(0), 8);
}

TEST_F(AieHost, PermutationsMoveEachLaneOnce) {
  aie::vector<int8, 64> v;
  for (unsigned i = 0; i < 64; ++i) v.set(static_cast<int8>(i), i);
  const auto turned = aie::transpose(v, 8, 8);
  const auto tall = aie::transpose(v, 4, 16);
  for (unsigned i = 0; i < 64; ++i) {
    EXPECT_EQ(turned.get(i), static_cast<int>(i % 8 * 8 + i / 8));
    EXPECT_EQ(tall.get(i), static_cast<int>(i % 4 * 16 + i / 4));
  }
  EXPECT_EQ(v.extract<16>(3).get(0), 48);
  EXPECT_EQ(aie::concat(v.extract<32>(1), v.extract<32>(0)).get(0), 32);
  EXPECT_EQ(v.cast_to<int16>().get(1), 0x0302);
  EXPECT_EQ(aie::reduce_add(v), static_cast<int8>(63 * 64 / 2));  // wraps
  EXPECT_EQ(aie::reduce_max(v), 63);
  const auto [low, high] = aie::interleave_zip(v.extract<32>(0), v.extract<32>(1), 8);
  for (unsigned i = 0; i < 32; ++i) {
    const unsigned lane = i / 16 * 8 + i % 8, from_second = i / 8 % 2 * 32;
    EXPECT_EQ(low.get(i), static_cast<int>(lane + from_second));
    EXPECT_EQ(high.get(i), static_cast<int>(lane + 16 + from_second));
  }
}

TEST_F(AieHost, PackObeysSaturationAndUnpackKeepsTheValue) {
  const auto v = aie::broadcast<int16, 16>(-300);
  EXPECT_EQ(v.pack().get(0), static_cast<int8>(-300));
  aie::set_saturation(aie::saturation_mode::saturate);
  EXPECT_EQ(v.pack().get(0), -128);
  EXPECT_EQ(v.unpack().get(0), -300);
}

TEST_F(AieHost, SelectTakesTheSecondWhereTheMaskIsSet) {
  aie::vector<int32, 8> a;
  for (unsigned i = 0; i < 8; ++i) a.set(static_cast<int32>(i), i);
  const auto four = aie::broadcast<int32, 8>(4);
  const auto out = aie::select(a, four, aie::lt(a, four));
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(out.get(i), i < 4 ? 4 : static_cast<int>(i));
  EXPECT_EQ(aie::max(a, four).get(0), 4);
  EXPECT_EQ(aie::min(a, four).get(7), 4);
  EXPECT_EQ(aie::bit_and(a, four).get(5), 4);
}

TEST_F(AieHost, MisalignedAccessIsAViolation) {
  aie_host::TileBuffer<int8_t> buffer(std::vector<int8_t>(128, 1));
  aie::load_v<32>(buffer.data() + 32);
  aie::load_v<16>(buffer.data() + 16);
  EXPECT_EQ(aie_host::violation_count(), 0u);
  aie::load_v<32>(buffer.data() + 16);
  expect_violation("misaligned load");
  aie::store_v(buffer.data() + 8, aie::zeros<int8, 16>());
  expect_violation("misaligned store");
}

TEST_F(AieHost, AccessOutOfRangeIsAViolation) {
  aie_host::TileBuffer<int8_t> buffer(std::vector<int8_t>(96, 1));
  aie::load_v<32>(buffer.data() + 64);
  EXPECT_EQ(aie_host::violation_count(), 0u);
  aie::load_v<64>(buffer.data() + 64);
  expect_violation("load out of range");
  aie::load_v<32>(buffer.data() - 32);
  expect_violation("load out of range");
  aie::store_v(buffer.data() + 96, aie::zeros<int8, 32>());
  expect_violation("store out of range");
}

TEST_F(AieHost, UseOfWhatWasNeverWrittenIsAViolation) {
  aie_host::TileBuffer<int8_t> buffer(64);
  aie::load_v<32>(buffer.data());
  expect_violation("load of memory never written");
  aie::store_v(buffer.data(), aie::zeros<int8, 32>());
  aie::load_v<32>(buffer.data());
  EXPECT_EQ(aie_host::violation_count(), 0u);
  EXPECT_FALSE(buffer.all_written());

  aie::vector<int16, 16> half;
  half.insert<8>(1, aie::zeros<int16, 8>());
  EXPECT_EQ(half.get(8), 0);
  EXPECT_EQ(aie_host::violation_count(), 0u);
  half.get(7);
  expect_violation("use of a lane never written");
  aie_host::TileBuffer<int16_t> out(16);
  aie::store_v(out.data(), aie::add(half, aie::zeros<int16, 16>()));
  expect_violation("store of a lane never written");
  aie::mmul<4, 8, 8, int8, int8> product;
  product.mac(aie::vector<int8, 32>(), aie::zeros<int8, 64>());
  expect_violation("product of a lane never written");
}

TEST_F(AieHost, LinearTableWantsFourEqualCopiesAndFloor) {
  std::vector<int16_t> copies(16 * 2);
  for (unsigned pair = 0; pair < 4; ++pair) {
    for (unsigned copy = 0; copy < 2; ++copy) {
      copies[copy * 8 + pair * 2] = static_cast<int16_t>(pair + 1);                   // slope
      copies[copy * 8 + pair * 2 + 1] = static_cast<int16_t>(100 * (int(pair) - 2));  // offset
    }
  }
  std::copy_n(copies.begin(), 16, copies.begin() + 16);
  aie_host::TileBuffer<int16_t> memory(copies);
  const aie::lut<4, int16, int16> table(4, memory.data(), memory.data() + 16);
  const aie::linear_approx<int16, aie::lut<4, int16, int16>> line(table, 4, 2, 3);
  aie::vector<int16, 16> x = aie::zeros<int16, 16>();
  x.set(-17, 0), x.set(15, 1), x.set(31, 2), x.set(32, 3), x.set(-1000, 4);
  const auto y = line.compute(x).to_vector<int32>();
  EXPECT_EQ(y.get(0), 1 * 15 - 200 * 8);
  EXPECT_EQ(y.get(1), 3 * 15 + 0);
  EXPECT_EQ(y.get(2), 4 * 15 + 100 * 8);
  EXPECT_EQ(y.get(3), 4 * 0 + 100 * 8);  // clamped to the last segment
  EXPECT_EQ(y.get(4), 1 * 8 - 200 * 8);  // clamped to the first
  EXPECT_EQ(aie_host::violation_count(), 0u);

  aie::set_rounding(aie::rounding_mode::conv_even);
  line.compute(x);
  expect_violation("table index while rounding is not floor");
  memory.data()[9] = 7;
  aie::lut<4, int16, int16>(4, memory.data(), memory.data() + 16);
  expect_violation("the four copies of a table differ");
}

}  // namespace
