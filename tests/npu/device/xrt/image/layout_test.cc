// SPDX-License-Identifier: LGPL-2.1-or-later
// The forms of matrices in memory, and what the host writes into them.
#include <gtest/gtest.h>

#include <numeric>

#include "array_memory.h"
#include "device/xrt/image/host_values.h"
#include "random_weights.h"

namespace npu::testing {
namespace {

using array::Buffer;
using array::Layout;
using array::Tiles;

constexpr array::BufferPlace kPlace{Buffer::kHost, 0, 64};

struct FormCase {
  const char* name;
  Layout layout;
  size_t rows, columns;
  size_t bytes;  // by hand
};

const FormCase kForms[] = {
    {"T64", Layout::kT64, 128, 128, 128 * 128},
    {"T64OfOddTiles", Layout::kT64, 100, 192, 128 * 256},
    {"Fine", Layout::kFine, 70, 192, 2 * 128 * 256},
    {"Residual", Layout::kResidual, 64, 192, 2 * 64 * 192},
    {"Narrow", Layout::kNarrow, 16, 192, 4 * 1024 + 6144},
    {"NarrowFine", Layout::kNarrowFine, 16, 128, 2 * 2 * 1024 + 6144},
    {"NarrowResidual", Layout::kNarrowResidual, 16, 192, 3 * 2048 + 6144},
};

class Form : public ::testing::TestWithParam<FormCase> {};

TEST_P(Form, TakesItsBytesAndGivesBackWhatWasPacked) {
  const FormCase& form = GetParam();
  ASSERT_EQ(array::matrix_bytes(form.layout, form.rows, form.columns), form.bytes);
  ArrayMemory memory;
  memory.make(Buffer::kHost, kPlace.offset + form.bytes);
  const Tiles tiles = array::matrix_at(kPlace, form.layout, form.columns);
  // All different in 12 bits as far as they go; 8 bits in int8.
  const bool is_int8 = form.layout == Layout::kT64 || form.layout == Layout::kNarrow;
  std::vector<int16_t> integers(form.rows * form.columns), back(integers.size());
  for (size_t i = 0; i < integers.size(); ++i)
    integers[i] = static_cast<int16_t>(is_int8 ? i * 7 % 255 - 127 : i * 37 % 4000 - 2000);
  array::pack(integers, form.rows, form.columns, tiles, memory.data(Buffer::kHost));
  array::unpack(memory.data(Buffer::kHost), tiles, form.rows, form.columns, back);
  EXPECT_EQ(back, integers);
  for (const std::byte before : memory.all(Buffer::kHost).first(kPlace.offset))
    EXPECT_EQ(before, std::byte{0});
}

INSTANTIATE_TEST_SUITE_P(All, Form, ::testing::ValuesIn(kForms),
                         [](const auto& of) { return of.param.name; });

TEST(Layouts, PutAnElementOfT64WhereTheKernelsExpectIt) {
  ArrayMemory memory;
  memory.make(Buffer::kHost, array::matrix_bytes(Layout::kT64, 192, 256));
  const Tiles tiles = array::matrix_at({Buffer::kHost, 0, 0}, Layout::kT64, 256);
  for (const auto& [r, c] : {std::pair<size_t, size_t>{0, 0}, {5, 9}, {70, 200}, {191, 255}}) {
    array::put_element(memory.data(Buffer::kHost), tiles, r, c, -77);
    const size_t at =
        (r / 64 * 4 + c / 64) * 4096 + (r % 64 / 4 * 8 + c % 64 / 8) * 32 + r % 4 * 8 + c % 8;
    EXPECT_EQ(static_cast<int8_t>(memory.data(Buffer::kHost)[at]), -77) << r << ", " << c;
  }
}

TEST(Layouts, PutTheThreeFramesAroundEachOfAConvolutionsInputsSideBySide) {
  constexpr size_t kFrames = 10, kBands = 80, kPadded = 64;
  ArrayMemory memory;
  memory.make(Buffer::kHost, array::matrix_bytes(Layout::kFine, 3 * kPadded, 3 * kBands));
  const Tiles tiles = array::matrix_at({Buffer::kHost, 0, 0}, Layout::kFine, 3 * kBands);
  std::byte* host = memory.data(Buffer::kHost);
  std::fill_n(host, memory.all(Buffer::kHost).size(), std::byte{0x55});
  std::vector<int16_t> mel(kFrames * kBands);
  std::iota(mel.begin(), mel.end(), int16_t{1});
  array::put_mel(mel, kFrames, kBands, kPadded, tiles, host);
  const auto frame = [&](int index, size_t band) -> int {
    return index < 0 || index >= int{kFrames} ? 0 : mel[static_cast<size_t>(index) * kBands + band];
  };
  for (int matrix = 0; matrix < 3; ++matrix)
    for (int t = 0; t < int{kPadded}; ++t) {
      const int centre = 2 * t - 1 + matrix;
      for (int tap = 0; tap < 3; ++tap)
        for (size_t band = 0; band < kBands; ++band) {
          const bool is_padding = centre < 0 || centre >= int{kFrames};
          ASSERT_EQ(array::element(host, tiles,
                                   static_cast<size_t>(matrix) * kPadded + static_cast<size_t>(t),
                                   static_cast<size_t>(tap) * kBands + band),
                    is_padding ? 0 : frame(centre - 1 + tap, band))
              << "matrix " << matrix << ", row " << t << ", tap " << tap << ", band " << band;
        }
    }
}

}  // namespace
}  // namespace npu::testing
