// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source. Register expansion 4 x 2 (16 rows x 16 columns), as in
// Xilinx/mlir-aie:aie_kernels/aie2/mm.cc.
#include "matmul/matmul.h"

#include "matmul/requantise.h"

namespace kernels {
namespace {

constexpr unsigned kColumnBlocks = kTile / kBlockColumns;
constexpr unsigned kRowOfBlocks = kColumnBlocks * kBlock;  // elements of 4 rows of a tile
constexpr unsigned kGroupBlocks = kGroupRows / kBlockRows;
constexpr unsigned kKBlocks = kObjectK / 8;

using Mmul = aie::mmul<4, 8, 8, int8, int8>;

// As T64, like the sums, in ascending order: `out` may begin where they do.
template <typename T>
inline void requantise_tile(const int32_t* sums, const int16_t* mult, unsigned shift, T* out,
                            unsigned row_groups) {
  set_core_modes();
  for (unsigned rb = 0; rb < row_groups * kGroupBlocks; ++rb) {
    for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
      const auto factors = two_rows_of(mult + cb * kBlockColumns);
      const unsigned at = rb * kRowOfBlocks + cb * kBlock;
      aie::store_v(out + at, requantise_block<T>(sums + at, factors, shift));
    }
  }
}

}  // namespace

void npu_matmul_start_i32(const int32_t* bias, int32_t* sums, unsigned row_groups) {
  set_core_modes();
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto row = aie::load_v<8>(bias + cb * kBlockColumns);
    const auto two_rows = aie::concat(row, row);
    for (unsigned rb = 0; rb < row_groups * kGroupBlocks; ++rb) {
      int32_t* block = sums + rb * kRowOfBlocks + cb * kBlock;
      aie::store_v(block, two_rows);
      aie::store_v(block + 16, two_rows);
    }
  }
}

void npu_matmul_i8(const int8_t* a, const int8_t* b, int32_t* sums, unsigned row_groups) {
  set_core_modes();
  for (unsigned group = 0; group < row_groups; ++group) {
    const int8_t* group_a = a + group * kGroupBlocks * kRowOfBlocks;
    int32_t* group_sums = sums + group * kGroupBlocks * kRowOfBlocks;
    for (unsigned cb = 0; cb < kColumnBlocks; cb += 2) {
      int32_t* first = group_sums + cb * kBlock;
      Mmul c00(aie::load_v<32>(first)), c01(aie::load_v<32>(first + kBlock));
      Mmul c10(aie::load_v<32>(first + kRowOfBlocks)),
          c11(aie::load_v<32>(first + kRowOfBlocks + kBlock));
      Mmul c20(aie::load_v<32>(first + 2 * kRowOfBlocks)),
          c21(aie::load_v<32>(first + 2 * kRowOfBlocks + kBlock));
      Mmul c30(aie::load_v<32>(first + 3 * kRowOfBlocks)),
          c31(aie::load_v<32>(first + 3 * kRowOfBlocks + kBlock));
      for (unsigned kb = 0; kb < kKBlocks; ++kb) {
        const int8_t* left = group_a + (kb / 8) * kTileElements + (kb % 8) * kBlock;
        const int8_t* right = b + (kb * kColumnBlocks + cb) * Mmul::size_B;
        const auto b0 = aie::load_v<Mmul::size_B>(right);
        const auto b1 = aie::load_v<Mmul::size_B>(right + Mmul::size_B);
        const auto a0 = aie::load_v<Mmul::size_A>(left);
        const auto a1 = aie::load_v<Mmul::size_A>(left + kRowOfBlocks);
        const auto a2 = aie::load_v<Mmul::size_A>(left + 2 * kRowOfBlocks);
        const auto a3 = aie::load_v<Mmul::size_A>(left + 3 * kRowOfBlocks);
        c00.mac(a0, b0), c01.mac(a0, b1);
        c10.mac(a1, b0), c11.mac(a1, b1);
        c20.mac(a2, b0), c21.mac(a2, b1);
        c30.mac(a3, b0), c31.mac(a3, b1);
      }
      aie::store_v(first, c00.to_vector<int32>());
      aie::store_v(first + kBlock, c01.to_vector<int32>());
      aie::store_v(first + kRowOfBlocks, c10.to_vector<int32>());
      aie::store_v(first + kRowOfBlocks + kBlock, c11.to_vector<int32>());
      aie::store_v(first + 2 * kRowOfBlocks, c20.to_vector<int32>());
      aie::store_v(first + 2 * kRowOfBlocks + kBlock, c21.to_vector<int32>());
      aie::store_v(first + 3 * kRowOfBlocks, c30.to_vector<int32>());
      aie::store_v(first + 3 * kRowOfBlocks + kBlock, c31.to_vector<int32>());
    }
  }
}

void npu_requantise_i8(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                       unsigned row_groups) {
  requantise_tile(sums, mult, shift, out, row_groups);
}

void npu_requantise_i16(const int32_t* sums, const int16_t* mult, unsigned shift, int16_t* out,
                        unsigned row_groups) {
  requantise_tile(sums, mult, shift, out, row_groups);
}

void npu_requantise_v_i8(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                         unsigned row_groups) {
  set_core_modes();
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto factors = two_rows_of(mult + cb * kBlockColumns);
    for (unsigned rb = 0; rb < row_groups * kGroupBlocks; ++rb) {
      const int32_t* block = sums + rb * kRowOfBlocks + cb * kBlock;
      int8_t* to = out + (rb / 2 * kColumnBlocks + cb) * 64 + rb % 2 * kBlock;
      aie::store_v(to, requantise_block<int8>(block, factors, shift));
    }
  }
}

void npu_requantise_kt_i8(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                          unsigned row_groups) {
  set_core_modes();
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto factors = two_rows_of(mult + cb * kBlockColumns);
    for (unsigned rb = 0; rb < row_groups * kGroupBlocks; rb += 2) {
      const int32_t* upper = sums + rb * kRowOfBlocks + cb * kBlock;
      const auto pair = aie::concat(requantise_block<int8>(upper, factors, shift),
                                    requantise_block<int8>(upper + kRowOfBlocks, factors, shift));
      aie::store_v(out + (cb * 8 + rb / 2) * 64, aie::transpose(pair, 8, 8));
    }
  }
}

}  // namespace kernels
