// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/whisper_settings.h"

#include <gtest/gtest.h>

#include "gst_ptr.h"

namespace npu::subtitle {
namespace {

// The mode that the element is in once the settings are applied.
std::string mode_with(CommandLine options) {
  gst_init(nullptr, nullptr);
  GstElement* made = gst_element_factory_make("npuwhisper", nullptr);
  const gst::ObjectPtr<GstElement> whisper(made ? GST_ELEMENT(gst_object_ref_sink(made)) : nullptr);
  if (!whisper) return "no element npuwhisper";
  const Done applied = apply_settings(options, whisper.get());
  if (!applied) return applied.failure().message;
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(whisper.get()), "mode", &value);
  const std::string nick = g_enum_get_value(G_ENUM_CLASS(g_type_class_peek(G_VALUE_TYPE(&value))),
                                            g_value_get_enum(&value))
                               ->value_nick;
  g_value_unset(&value);
  return nick;
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
