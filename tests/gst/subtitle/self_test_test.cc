// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test passes on models that are right, and says what it did not check.
#include "subtitle/self_test.h"

#include <gtest/gtest.h>

#include "corpus.h"

namespace npu::subtitle {
namespace {

TEST(SelfTest, BasePassesAgainstTheStoredValues) {
  const auto model = npu::testing::base_model();
  if (model.empty()) GTEST_SKIP() << "the base model is not there";
  const auto report = self_test(model.string(), {"cpu", 0, 0});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->values_known);
  EXPECT_TRUE(report->passed()) << table(*report);
  // mel, encoder, K and V of six layers, decoder step, logits
  ASSERT_EQ(report->stages.size(), 16U);
  EXPECT_EQ(report->stages[0].shape, "[3000, 80]");
  EXPECT_EQ(report->stages[1].shape, "[1500, 512]");
  EXPECT_EQ(report->stages[13].shape, "[1500, 512]");
  EXPECT_EQ(report->stages[14].shape, "[1, 512]");
  EXPECT_EQ(report->stages[15].shape, "[1, 51865]");
}

TEST(SelfTest, OtherModelsPassWithoutValuesAndSayIt) {
  const auto folder = npu::testing::corpus_folder() / "models" / "random";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "needs the corpus (-Dcorpus)";
  for (const char* name : {"ggml-en-f16.bin", "hf-v3-f16", "ct2-multilingual-int8"}) {
    const auto report = self_test((folder / name).string(), {"cpu", 0, 0});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->passed()) << table(*report);
    EXPECT_FALSE(report->values_known);
    EXPECT_NE(table(*report).find("the values themselves were not"), std::string::npos);
  }
}

TEST(SelfTest, MissingModelIsAnError) {
  const auto report = self_test("/no/such/model", {"cpu", 0, 0});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNotFound);
}

TEST(SelfTest, OneFailedStageFailsTheReport) {
  SelfTestReport report{"m", "d", true, {{"mel", "[3000, 80]", "finite", true}}};
  EXPECT_TRUE(report.passed());
  report.stages.push_back({"encoder", "[1500, 512]", "a value is not finite", false});
  EXPECT_FALSE(report.passed());
  EXPECT_NE(table(report).find("FAIL  encoder"), std::string::npos);
  EXPECT_NE(table(report).find("self-test FAILED"), std::string::npos);
}

}  // namespace
}  // namespace npu::subtitle
