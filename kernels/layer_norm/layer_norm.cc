// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source.
#include "layer_norm/layer_norm.h"

#include "fine/fine.h"
#include "matmul/requantise.h"

namespace kernels {
namespace {

constexpr unsigned kColumnBlocks = kTile / kBlockColumns;
constexpr unsigned kRowOfBlocks = kColumnBlocks * kBlock;
constexpr unsigned kGroupBlocks = kGroupRows / kBlockRows;
constexpr unsigned kLowBits = 15;  // of a sum of squares

// Adds eight blocks' 16 lanes, which start at `x`, to three sums of 16 lanes, `kBlock` apart.
inline void add_two_rows(const int16_t* x, int32_t* sums, bool first) {
  const auto ones = aie::broadcast<int16, 16>(1);
  const auto nothing = aie::zeros<int32, 16>();
  aie::accum<acc32, 16> sum;
  sum.from_vector(first ? nothing : aie::load_v<16>(sums));
  aie::accum<acc64, 16> squares;
  squares.from_vector(nothing);
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto values = aie::load_v<16>(x + cb * kBlock);
    sum = aie::mac(sum, values, ones);
    squares = aie::mac(squares, values, values);
  }
  auto high = squares.to_vector<int32>(kLowBits);
  auto low =
      aie::bit_and(squares.to_vector<int32>(0), aie::broadcast<int32, 16>((1 << kLowBits) - 1));
  if (!first) {
    high = aie::add(high, aie::load_v<16>(sums + kBlock));
    low = aie::add(low, aie::load_v<16>(sums + 2 * kBlock));
  }
  aie::store_v(sums, sum.to_vector<int32>());
  aie::store_v(sums + kBlock, high);
  aie::store_v(sums + 2 * kBlock, low);
}

// (x - mean) / deviation of one row, in two neighbouring column blocks.
inline aie::vector<int16, 16> normalised(const int16_t* x, const NormRow& row, int16_t d) {
  const auto values = aie::concat(aie::load_v<8>(x), aie::load_v<8>(x + kBlock));
  aie::accum<acc32, 16> centred;
  centred.from_vector(aie::broadcast<int32, 16>(-row.sum));
  centred = aie::mac(centred, values, aie::broadcast<int16, 16>(d));
  const auto scaled =
      aie::mul(centred.to_vector<int32>(), aie::broadcast<int16, 16>(row.deviation.mult));
  return scaled.to_vector<int16>(static_cast<unsigned>(row.deviation.shift));
}

struct NormScale {
  const int16_t* gamma;
  const int32_t* beta;
  unsigned out_shift;
};

template <typename T>
void norm_tile(const int16_t* tile, const NormRow* rows, unsigned d, const NormScale& scale, T* out,
               unsigned row_groups) {
  set_core_modes();
  for (unsigned cb = 0; cb < kColumnBlocks; cb += 2) {
    for (unsigned rb = 0; rb < row_groups * kGroupBlocks; ++rb) {
      const unsigned at = rb * kRowOfBlocks + cb * kBlock;
      aie::vector<int16, 16> n[kBlockRows];
      for (unsigned row = 0; row < kBlockRows; ++row) {
        n[row] =
            normalised(tile + at + row * 8, rows[rb * kBlockRows + row], static_cast<int16_t>(d));
      }
      for (unsigned half = 0; half < 2; ++half) {
        const unsigned column = (cb + half) * kBlockColumns;
        const auto factors = two_rows_of(scale.gamma + column);
        const auto offset = aie::load_v<8>(scale.beta + column);
        for (unsigned two = 0; two < 2; ++two) {
          aie::accum<acc32, 16> sum;
          sum.from_vector(aie::concat(offset, offset));
          const auto values =
              aie::concat(n[2 * two].extract<8>(half), n[2 * two + 1].extract<8>(half));
          sum = aie::mac(sum, values, factors);
          aie::store_v(out + at + half * kBlock + two * 16,
                       sum.template to_vector<T>(scale.out_shift));
        }
      }
    }
  }
}

}  // namespace

void npu_layer_norm_sums(const int16_t* tile, int32_t* sums, bool first, unsigned row_groups) {
  // Squares are cut in two, bit for bit.
  aie::set_rounding(aie::rounding_mode::floor);
  aie::set_saturation(aie::saturation_mode::none);
  for (unsigned rb = 0; rb < row_groups * kGroupBlocks; ++rb) {
    const int16_t* x = tile + rb * kRowOfBlocks;
    int32_t* block_sums = sums + rb * 3 * kBlock;
    add_two_rows(x, block_sums, first);
    add_two_rows(x + 16, block_sums + 16, first);
  }
}

void npu_layer_norm_rows(const int32_t* sums, unsigned d, int64_t epsilon, NormRow* rows,
                         unsigned row_groups) {
  set_core_modes();
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    const int32_t* lanes = sums + row / kBlockRows * 3 * kBlock + row % kBlockRows * 8;
    const int32_t sum = aie::reduce_add(aie::load_v<8>(lanes));
    const int32_t high = aie::reduce_add(aie::load_v<8>(lanes + kBlock));
    const int32_t low = aie::reduce_add(aie::load_v<8>(lanes + 2 * kBlock));
    const int64_t squares = (int64_t{high} << kLowBits) + low;
    const int64_t spread = static_cast<int64_t>(d) * squares - int64_t{sum} * sum + epsilon;
    Rsqrt deviation = rsqrt(static_cast<uint64_t>(spread));
    deviation.shift = static_cast<int16_t>(deviation.shift - static_cast<int>(kNormBits));
    rows[row] = {sum, deviation};
  }
}

void npu_layer_norm_i8(const int16_t* tile, const NormRow* rows, unsigned d, const int16_t* gamma,
                       const int32_t* beta, unsigned out_shift, int8_t* out, unsigned row_groups) {
  norm_tile(tile, rows, d, {gamma, beta, out_shift}, out, row_groups);
}

void npu_layer_norm_i16(const int16_t* tile, const NormRow* rows, unsigned d, const int16_t* gamma,
                        const int32_t* beta, unsigned out_shift, int16_t* out,
                        unsigned row_groups) {
  norm_tile(tile, rows, d, {gamma, beta, out_shift}, out, row_groups);
}

void npu_layer_norm_fine_i8(const int16_t* tile, const NormRow* rows, unsigned d,
                            const int16_t* gamma, const int32_t* beta, unsigned out_shift,
                            int16_t* scratch, int8_t* high, int8_t* low, unsigned row_groups) {
  npu_layer_norm_i16(tile, rows, d, gamma, beta, out_shift, scratch, row_groups);
  npu_fine_split_i16(scratch, high, low, row_groups);
}

}  // namespace kernels
