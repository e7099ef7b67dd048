// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/mel_filters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "corpus.h"

namespace npu {
namespace {

TEST(MelFilters, EqualTheTableOfAConvertedModel) {
  const auto path = testing::corpus_folder() / "models" / "ggml-base-q5_1.bin";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no corpus: " << path;
  const auto file = open_model_file(path.string());
  ASSERT_TRUE(file) << file.error().message;
  const MelFilters& table = *(*file)->mel_filters();
  const MelFilters computed = slaney_mel_filters(80);
  ASSERT_EQ(computed.size(), table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    ASSERT_LE(std::abs(computed[i] - table[i]), 1e-7f) << "band " << i / 201 << " bin " << i % 201;
    ASSERT_EQ(computed[i] == 0, table[i] == 0) << "band " << i / 201 << " bin " << i % 201;
  }
}

struct BankCase {
  int bands;
  long non_zeros;
  long longest_band;
};

class MelBank : public ::testing::TestWithParam<BankCase> {};

// Counts of the tables that openai/whisper ships (whisper/assets/mel_filters.npz).
TEST_P(MelBank, HasTheReferencesPattern) {
  const MelFilters filters = slaney_mel_filters(GetParam().bands);
  ASSERT_EQ(filters.size(), static_cast<size_t>(GetParam().bands) * 201);
  const auto used = [](float value) { return value != 0; };
  EXPECT_EQ(std::count_if(filters.begin(), filters.end(), used), GetParam().non_zeros);
  long longest = 0;
  for (int band = 0; band < GetParam().bands; ++band) {
    const auto row = filters.begin() + band * 201;
    longest = std::max(longest, static_cast<long>(std::count_if(row, row + 201, used)));
    EXPECT_EQ(row[0], 0) << band;
    EXPECT_EQ(row[200], 0) << band;
  }
  EXPECT_EQ(longest, GetParam().longest_band);
}

INSTANTIATE_TEST_SUITE_P(Sizes, MelBank,
                         ::testing::Values(BankCase{80, 391, 14}, BankCase{128, 394, 9}),
                         [](const auto& row) { return std::to_string(row.param.bands); });

}  // namespace
}  // namespace npu
