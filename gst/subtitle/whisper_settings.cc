// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/whisper_settings.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "gst_ptr.h"
#include "model/tokenizer.h"

namespace npu::subtitle {
namespace {

void add(std::vector<ElementSetting>& settings, const char* option, const char* property,
         const std::string& value) {
  if (!value.empty()) settings.push_back({option, property, value});
}

template <typename T>
void add(std::vector<ElementSetting>& settings, const char* option, const char* property,
         const std::optional<T>& value) {
  if (value) settings.push_back({option, property, std::to_string(*value)});
}

// Properties that mean nothing, or cannot be had, when chunks are decoded side by side.
constexpr std::array kSequential = {
    "carry-initial-prompt",
    "condition-on-previous-text",
    "max-initial-timestamp",
    "max-lag",
    "hallucination-silence-threshold",
};

// Whether the text is as good when chunks are decoded side by side, which is measured for plain
// transcription only, and may come minutes later, as it may not where pictures wait for it.
bool suits_batches(const CommandLine& options) {
  if (options.exact || options.task == "translate" || options.writes_video()) return false;
  return std::none_of(
      options.settings.begin(), options.settings.end(), [](const ElementSetting& setting) {
        return setting.property == "task" || std::find(kSequential.begin(), kSequential.end(),
                                                       setting.property) != kSequential.end();
      });
}

// "0..10" of a numeric property, "auto, cpu, npu" of an enumeration.
std::string range_of(GParamSpec* property) {
  if (G_IS_PARAM_SPEC_INT(property)) {
    const GParamSpecInt* spec = G_PARAM_SPEC_INT(property);
    return std::to_string(spec->minimum) + ".." + std::to_string(spec->maximum);
  }
  if (G_IS_PARAM_SPEC_UINT(property)) {
    const GParamSpecUInt* spec = G_PARAM_SPEC_UINT(property);
    return std::to_string(spec->minimum) + ".." + std::to_string(spec->maximum);
  }
  if (G_IS_PARAM_SPEC_FLOAT(property)) {
    const GParamSpecFloat* spec = G_PARAM_SPEC_FLOAT(property);
    return std::to_string(spec->minimum) + ".." + std::to_string(spec->maximum);
  }
  if (G_IS_PARAM_SPEC_DOUBLE(property)) {
    const GParamSpecDouble* spec = G_PARAM_SPEC_DOUBLE(property);
    return std::to_string(spec->minimum) + ".." + std::to_string(spec->maximum);
  }
  std::string names;
  if (G_IS_PARAM_SPEC_ENUM(property)) {
    const GEnumClass* values = G_PARAM_SPEC_ENUM(property)->enum_class;
    for (guint index = 0; index < values->n_values; ++index) {
      names += (index > 0 ? ", " : "") + std::string(values->values[index].value_nick);
    }
  }
  return names;
}

Done apply(const ElementSetting& setting, GstElement* whisper) {
  const char* name = setting.property.c_str();
  GParamSpec* property = g_object_class_find_property(G_OBJECT_GET_CLASS(whisper), name);
  if (!property) {
    return Failure{ExitCode::kUsage,
                   setting.option + ": this npuwhisper element has no property " + name};
  }
  if (!(property->flags & G_PARAM_WRITABLE)) {
    return Failure{ExitCode::kUsage, setting.option + ": this property cannot be set"};
  }
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(property));
  // A string is taken as it is: deserialising would drop quotes.
  const bool is_text = G_VALUE_HOLDS_STRING(&value);
  if (is_text) g_value_set_string(&value, setting.value.c_str());
  const bool fits = (is_text || gst_value_deserialize(&value, setting.value.c_str())) &&
                    (is_text || !g_param_value_validate(property, &value));
  if (fits) g_object_set_property(G_OBJECT(whisper), name, &value);
  g_value_unset(&value);
  if (fits) return done();
  return Failure{ExitCode::kUsage,
                 setting.option + ": expected " + range_of(property) + ", found " + setting.value};
}

}  // namespace

std::vector<ElementSetting> settings_of(const CommandLine& options) {
  std::vector<ElementSetting> settings;
  add(settings, "--model", "model", options.model);
  add(settings, "--device", "device", options.device);
  add(settings, "--device-index", "device-index", options.device_index);
  add(settings, "--threads", "threads", options.threads);
  add(settings, "--language", "language-code", options.language);
  add(settings, "--task", "task", options.task);
  add(settings, "--beam-size", "beam-size", options.beam_size);
  add(settings, "--best-of", "best-of", options.best_of);
  add(settings, "--temperature", "temperature", options.temperature);
  add(settings, "--initial-prompt", "initial-prompt", options.initial_prompt);
  if (options.word_timestamps) {
    settings.push_back({"--word-timestamps", "word-timestamps", "true"});
  }
  if (options.words) settings.push_back({"--words", "output-mode", "words"});
  if (suits_batches(options)) settings.push_back({"batch mode", "mode", "batch"});
  if (options.exact) {
    settings.push_back({"--exact", "normalisation", "whole"});
    settings.push_back({"--exact", "vad", "off"});  // --vad and --precision come after, and count
    settings.push_back({"--exact", "precision", "f32"});
  }
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  return settings;
}

Done apply_settings(const CommandLine& options, GstElement* whisper) {
  if (!options.language.empty() && options.language != "auto" && !find_language(options.language)) {
    return Failure{ExitCode::kUsage,
                   "--language: Whisper does not know " + options.language +
                       "; expected auto, a code such as en, or an English name such as german"};
  }
  for (const ElementSetting& setting : settings_of(options)) {
    if (Done applied = apply(setting, whisper); !applied) return applied;
  }
  return done();
}

}  // namespace npu::subtitle
