// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/whisper_settings.h"

#include <gtest/gtest.h>

#include <string>

namespace npu::subtitle {
namespace {

// The mode that the element is set to; without a setting it is the element's default.
std::string mode_with(const CommandLine& options) {
  std::string mode = "file";
  for (const ElementSetting& setting : settings_of(options))
    if (setting.property == "mode") mode = setting.value;
  return mode;
}

TEST(WhisperSettings, TranscriptsAreMadeInBatches) {
  EXPECT_EQ(mode_with({}), "batch");
  CommandLine words;
  words.words = true;
  EXPECT_EQ(mode_with(words), "batch");
}

TEST(WhisperSettings, WhatBatchesAreNotForGoesWindowByWindow) {
  CommandLine exact, translation, embedded, burned, lag, chosen;
  exact.exact = true;
  translation.task = "translate";
  embedded.embed = true;
  burned.burn = true;
  lag.settings.push_back({"--set=max-lag", "max-lag", "5000"});
  chosen.settings.push_back({"--set=mode", "mode", "file"});
  for (const CommandLine& options : {exact, translation, embedded, burned, lag, chosen})
    EXPECT_EQ(mode_with(options), "file");
}

}  // namespace
}  // namespace npu::subtitle
