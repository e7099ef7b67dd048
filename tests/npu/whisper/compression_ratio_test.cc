// SPDX-License-Identifier: LGPL-2.1-or-later
// Ratios against those of Python: len(text) / len(zlib.compress(text)).
#include "whisper/compression_ratio.h"

#include <gtest/gtest.h>

#include <string>

namespace npu {
namespace {

std::string repeated(std::string_view part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

TEST(CompressionRatio, IsThatOfPythonsZlib) {
  const struct {
    std::string text;
    double expected;
  } cases[] = {
      {"", 0.0 / 8},
      {"a", 1.0 / 9},
      {"And so, my fellow Americans, ask not what your country can do for you.", 70.0 / 71},
      {repeated("ha ", 70), 210.0 / 14},
      {repeated("Привет, как дела? ", 9), 279.0 / 45},
      {repeated("I'm going to go to the next one. ", 14), 462.0 / 43},
  };
  for (const auto& test : cases)
    EXPECT_FLOAT_EQ(compression_ratio(test.text), static_cast<float>(test.expected)) << test.text;
}

}  // namespace
}  // namespace npu
