// SPDX-License-Identifier: LGPL-2.1-or-later
// From property values to options.
#include "settings.h"

#include <gtest/gtest.h>

namespace npu::gst {
namespace {

TEST(Settings, DefaultsAreThoseOfTheReference) {
  const auto options = transcribe_options(Settings());
  ASSERT_TRUE(options) << options.error().message;
  const TranscribeOptions reference;
  EXPECT_EQ(options->temperatures, reference.temperatures);
  EXPECT_EQ(options->compression_ratio_threshold, reference.compression_ratio_threshold);
  EXPECT_EQ(options->logprob_threshold, reference.logprob_threshold);
  EXPECT_EQ(options->no_speech_threshold, reference.no_speech_threshold);
  EXPECT_EQ(options->decoding.best_of, reference.decoding.best_of);
  EXPECT_EQ(options->decoding.beam_size, reference.decoding.beam_size);
  EXPECT_EQ(options->decoding.patience, reference.decoding.patience);
  EXPECT_EQ(options->decoding.length_penalty, reference.decoding.length_penalty);
  EXPECT_EQ(options->decoding.suppress_tokens, reference.decoding.suppress_tokens);
  EXPECT_EQ(options->decoding.max_tokens, reference.decoding.max_tokens);
  EXPECT_EQ(options->decoding.language, "");
  EXPECT_EQ(options->hallucination_silence_threshold_s,
            reference.hallucination_silence_threshold_s);
}

TEST(Settings, EndsOfRangesSwitchOff) {
  Settings settings;
  settings.compression_ratio_threshold = 0;
  settings.logprob_threshold = kNoLogprobThreshold;
  settings.no_speech_threshold = 1;
  settings.temperature_increment = 0;
  settings.suppress_tokens = "";
  const auto options = transcribe_options(settings);
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->compression_ratio_threshold);
  EXPECT_FALSE(options->logprob_threshold);
  EXPECT_FALSE(options->no_speech_threshold);
  EXPECT_EQ(options->temperatures, std::vector<float>{0.0F});
  EXPECT_TRUE(options->decoding.suppress_tokens.empty());
}

TEST(Settings, TheLagIsInSecondsAndNegativeForWholeWindows) {
  Settings settings;
  EXPECT_LT(transcribe_options(settings)->max_lag_s, 0);
  settings.max_lag_ms = 2500;
  EXPECT_EQ(transcribe_options(settings)->max_lag_s, 2.5);
}

TEST(Settings, BatchesAreAskedFor) {
  Settings settings;
  EXPECT_EQ(transcribe_options(settings)->mode, Mode::kFile);
  settings.mode = Mode::kBatch;
  settings.batch_size = 12;
  EXPECT_EQ(transcribe_options(settings)->mode, Mode::kBatch);
  EXPECT_EQ(transcribe_options(settings)->batch_size, 12);
}

TEST(Settings, AnotherPrecisionIsAnotherModel) {
  Settings settings;
  const ModelRequest usual = model_request(settings);
  EXPECT_EQ(usual.precision, Precision::kAuto);
  settings.precision = Precision::kInt8;
  EXPECT_EQ(model_request(settings).precision, Precision::kInt8);
  EXPECT_FALSE(same_model(usual, model_request(settings)));
  settings.precision = Precision::kNpu;
  EXPECT_EQ(model_request(settings).precision, Precision::kNpu);
}

TEST(Settings, ALagThatIsTooShortIsRefused) {
  Settings settings;
  for (const int lag_ms : {0, 1, 999, -2, -1000}) {
    settings.max_lag_ms = lag_ms;
    const auto options = transcribe_options(settings);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(options.error().message.find(text("max-lag: expected at least 1000 ms, or -1 for "
                                                "whole windows of 30 s, found ",
                                                lag_ms)),
              std::string::npos)
        << options.error().message;
  }
}

TEST(Settings, TokenListsAreRead) {
  Settings settings;
  settings.suppress_tokens = "-1, 50, 7";
  const auto options = transcribe_options(settings);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->decoding.suppress_tokens, (std::vector<int>{-1, 50, 7}));
}

struct LanguageCase {
  const char* name;
  const char* value;
  const char* code;  // null: refused
};

const LanguageCase kLanguageCases[] = {
    {"Auto", "auto", ""},           {"Undetermined", "und", ""},    {"Plain", "de", "de"},
    {"Region", "en-US", "en"},      {"Script", "zh-Hant-TW", "zh"}, {"UpperCase", "FR", "fr"},
    {"ThreeLetters", "yue", "yue"}, {"Unknown", "xx-YY", nullptr},
};

class SettingsLanguage : public testing::TestWithParam<LanguageCase> {};

TEST_P(SettingsLanguage, IsUnderstood) {
  Settings settings;
  settings.language_code = GetParam().value;
  const auto options = transcribe_options(settings);
  ASSERT_EQ(options.has_value(), GetParam().code != nullptr);
  if (options)
    EXPECT_EQ(options->decoding.language, GetParam().code);
  else
    EXPECT_NE(options.error().message.find("language-code"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Settings, SettingsLanguage, testing::ValuesIn(kLanguageCases),
                         [](const auto& row) { return row.param.name; });

TEST(Settings, TextThatMayTrailLessWaitsLessForTheBestCues) {
  Settings settings;
  const int64_t usual_ns = output_settings(settings).shape.horizon_ns;
  settings.max_lag_ms = 4000;
  EXPECT_EQ(output_settings(settings).shape.horizon_ns, 4'000'000'000);
  settings.max_lag_ms = 60'000;
  EXPECT_EQ(output_settings(settings).shape.horizon_ns, usual_ns);
}

TEST(Settings, TagsNameTheLanguageOfTheText) {
  EXPECT_EQ(tag_language("", Task::kTranscribe), "und");
  EXPECT_EQ(tag_language("fr", Task::kTranscribe), "fr");
  EXPECT_EQ(tag_language("jw", Task::kTranscribe), "jv");
  EXPECT_EQ(tag_language("fr", Task::kTranslate), "en");
}

}  // namespace
}  // namespace npu::gst
