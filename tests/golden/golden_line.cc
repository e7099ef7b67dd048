// SPDX-License-Identifier: LGPL-2.1-or-later
#include "golden_line.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace npu::testing {
namespace {

using nlohmann::json;

// Options by the name of the file, in the words of the reference's Python function.
json named_options(const std::string& name) {
  static const std::map<std::string, json> kNamed = {
      {"greedy", json::object()},
      {"auto-language", {{"language", nullptr}}},
      {"words", {{"word_timestamps", true}}},
      {"unconditioned", {{"condition_on_previous_text", false}}},
      {"translate", {{"task", "translate"}}},
      {"prompt", {{"initial_prompt", "Glossary: Kennedy, Shakespeare, sonnet."}}},
      {"no-timestamps", {{"without_timestamps", true}}},
      {"beam5", {{"beam_size", 5}}},
      {"patience", {{"beam_size", 3}, {"patience", 2.0}, {"length_penalty", 0.6}}},
      {"hallucination", {{"word_timestamps", true}, {"hallucination_silence_threshold", 2.0}}},
      {"clips", {{"clip_timestamps", {2, 7.5, 9, 41}}}},
      {"carry-prompt",
       {{"initial_prompt", "Columbia, Houston, Shakespeare."}, {"carry_initial_prompt", true}}},
  };
  const auto found = kNamed.find(name);
  return found == kNamed.end() ? json::object() : found->second;
}

template <typename T>
void set(const json& options, const char* name, T& value) {
  if (const auto found = options.find(name); found != options.end()) value = found->get<T>();
}

template <typename T>
void set(const json& options, const char* name, std::optional<T>& value) {
  const auto found = options.find(name);
  if (found == options.end()) return;
  if (found->is_null())
    value.reset();
  else
    value = found->get<T>();
}

std::vector<Clip> read_clips(const json& bounds) {
  std::vector<Clip> clips;
  for (size_t i = 0; i < bounds.size(); i += 2)
    clips.push_back({bounds[i], i + 1 < bounds.size() ? bounds[i + 1].get<double>() : -1.0});
  return clips;
}

void apply(const json& given, const std::string& language, TranscribeOptions& options) {
  DecodingOptions& decoding = options.decoding;
  decoding.language = language;
  if (given.contains("language") && given["language"].is_null()) decoding.language.clear();
  if (given.value("task", "transcribe") == "translate") decoding.task = Task::kTranslate;
  set(given, "best_of", decoding.best_of);
  set(given, "beam_size", decoding.beam_size);
  set(given, "patience", decoding.patience);
  set(given, "length_penalty", decoding.length_penalty);
  set(given, "prefix", decoding.prefix);
  set(given, "suppress_blank", decoding.suppress_blank);
  set(given, "suppress_tokens", decoding.suppress_tokens);
  set(given, "without_timestamps", decoding.without_timestamps);
  set(given, "seed", decoding.seed);
  set(given, "max_initial_timestamp", decoding.max_initial_timestamp_s);
  set(given, "sample_len", decoding.max_tokens);
  options.temperatures = {0.0F};
  set(given, "temperature", options.temperatures);
  set(given, "compression_ratio_threshold", options.compression_ratio_threshold);
  set(given, "logprob_threshold", options.logprob_threshold);
  set(given, "no_speech_threshold", options.no_speech_threshold);
  set(given, "condition_on_previous_text", options.condition_on_previous_text);
  set(given, "initial_prompt", options.initial_prompt);
  set(given, "carry_initial_prompt", options.carry_initial_prompt);
  set(given, "word_timestamps", options.word_timestamps);
  set(given, "hallucination_silence_threshold", options.hallucination_silence_threshold_s);
  if (given.contains("clip_timestamps")) options.clips = read_clips(given["clip_timestamps"]);
  options.normalisation = Normalisation::kWhole;
}

Segment read_segment(const json& from) {
  Segment segment{from["seek"],          from["start"],       from["end"],
                  from["text"],          from["tokens"],      {},
                  from["temperature"],   from["avg_logprob"], from["compression_ratio"],
                  from["no_speech_prob"]};
  if (from.contains("words"))
    for (const auto& word : from["words"])
      segment.words.push_back({word["word"], word["start"], word["end"], word["probability"]});
  return segment;
}

GoldenLine read_line(const json& document, const json& named) {
  GoldenLine line;
  line.file = document["file"];
  line.samples = document["samples"];
  line.language = document["language"];
  line.text = document["text"];
  for (const auto& segment : document["segments"]) line.segments.push_back(read_segment(segment));
  json options = named;
  if (document.contains("options")) options.update(document["options"]);
  set(document, "model", line.model);
  set(document, "fallbacks", line.fallbacks);
  apply(options, line.language, line.options);
  return line;
}

}  // namespace

Result<std::vector<GoldenLine>> read_golden(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return Error{ErrorCode::kIo, text("cannot read ", path.string())};
  const json named = named_options(path.stem().string());
  std::vector<GoldenLine> lines;
  std::string content;
  try {
    while (std::getline(in, content))
      if (!content.empty()) lines.push_back(read_line(json::parse(content), named));
  } catch (const json::exception& error) {
    return Error{ErrorCode::kInvalidArgument,
                 text(path.string(), ":", lines.size() + 1, ": ", error.what())};
  }
  return lines;
}

}  // namespace npu::testing
