// SPDX-License-Identifier: LGPL-2.1-or-later
// From property values to the engine's options.
#include "settings.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>

#include "model/tokenizer.h"

namespace npu::gst {
namespace {

const char* device_name(DeviceChoice device) {
  switch (device) {
    case DeviceChoice::kCpu:
      return "cpu";
    case DeviceChoice::kNpu:
      return "npu";
    case DeviceChoice::kAuto:
      break;
  }
  return "auto";
}

// "en-US" to "en", "auto" to an empty string.
Result<std::string> engine_language(const std::string& tag) {
  std::string lower = tag;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.empty() || lower == "auto" || lower == "und") return std::string();
  if (auto code = find_language(tag)) return *code;
  return Error{ErrorCode::kInvalidArgument,
               text("language-code: expected \"auto\" or a BCP-47 tag of a language that Whisper "
                    "knows (\"en\", \"pt-BR\"), found \"",
                    tag, "\"")};
}

Result<std::vector<int>> token_list(std::string_view list) {
  std::vector<int> tokens;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    int token = 0;
    const auto parsed = std::from_chars(item.data(), item.data() + item.size(), token);
    if (parsed.ec != std::errc() || parsed.ptr != item.data() + item.size())
      return Error{
          ErrorCode::kInvalidArgument,
          text("suppress-tokens: expected numbers with commas between them, found \"", item, "\"")};
    tokens.push_back(token);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return tokens;
}

Result<double> lag_s(int max_lag_ms) {
  if (max_lag_ms == kWholeWindows) return TranscribeOptions().max_lag_s;
  const double seconds = max_lag_ms / 1000.0;
  if (seconds >= kLeastLag_s) return seconds;
  return Error{ErrorCode::kInvalidArgument,
               text("max-lag: expected at least ", std::lround(kLeastLag_s * 1000),
                    " ms, or -1 for whole windows of 30 s, found ", max_lag_ms)};
}

// As the reference's command line: from the lowest to 1 in steps.
std::vector<float> temperatures(double lowest, double step) {
  std::vector<float> values{static_cast<float>(lowest)};
  if (step <= 0) return values;
  for (int i = 1; lowest + i * step <= 1.0 + 1e-6; ++i)
    values.push_back(static_cast<float>(lowest + i * step));
  return values;
}

}  // namespace

ModelRequest model_request(const Settings& settings) {
  ModelRequest request;
  request.model = settings.model;
  request.device.name = device_name(settings.device);
  request.device.index = static_cast<int>(settings.device_index);
  request.device.threads = static_cast<int>(settings.threads);
  request.precision = settings.precision;
  return request;
}

bool same_model(const ModelRequest& a, const ModelRequest& b) {
  return a.model == b.model && a.device.name == b.device.name && a.device.index == b.device.index &&
         a.device.threads == b.device.threads && a.precision == b.precision;
}

Result<TranscribeOptions> transcribe_options(const Settings& settings) {
  TranscribeOptions options;
  DecodingOptions& decoding = options.decoding;
  decoding.task = settings.task;
  NPU_TRY_ASSIGN(decoding.language, engine_language(settings.language_code));
  NPU_TRY_ASSIGN(decoding.suppress_tokens, token_list(settings.suppress_tokens));
  decoding.best_of = static_cast<int>(settings.best_of);
  if (settings.beam_size > 0) {
    decoding.beam_size = static_cast<int>(settings.beam_size);
    decoding.patience = static_cast<float>(settings.patience);
  }
  if (settings.length_penalty > kNoLengthPenalty)
    decoding.length_penalty = static_cast<float>(std::max(settings.length_penalty, 0.0));
  decoding.prefix = settings.prefix;
  decoding.suppress_blank = settings.suppress_blank;
  decoding.without_timestamps = settings.without_timestamps;
  decoding.max_initial_timestamp_s = static_cast<float>(settings.max_initial_timestamp_s);
  decoding.max_tokens = static_cast<int>(settings.max_tokens);
  decoding.seed = settings.seed;

  options.mode = settings.mode;
  options.batch_size = static_cast<int>(settings.batch_size);
  options.temperatures = temperatures(settings.temperature, settings.temperature_increment);
  options.compression_ratio_threshold.reset();
  if (settings.compression_ratio_threshold > 0)
    options.compression_ratio_threshold = static_cast<float>(settings.compression_ratio_threshold);
  options.logprob_threshold.reset();
  if (settings.logprob_threshold > kNoLogprobThreshold)
    options.logprob_threshold = static_cast<float>(settings.logprob_threshold);
  options.no_speech_threshold.reset();
  if (settings.no_speech_threshold < 1)
    options.no_speech_threshold = static_cast<float>(settings.no_speech_threshold);
  options.condition_on_previous_text = settings.condition_on_previous_text;
  options.initial_prompt = settings.initial_prompt;
  options.carry_initial_prompt = settings.carry_initial_prompt;
  options.word_timestamps =
      settings.word_timestamps || settings.output_mode != OutputMode::kSegments;
  options.prepend_punctuations = settings.prepend_punctuations;
  options.append_punctuations = settings.append_punctuations;
  if (settings.hallucination_silence_threshold_s > 0)
    options.hallucination_silence_threshold_s =
        static_cast<float>(settings.hallucination_silence_threshold_s);
  options.normalisation = settings.normalisation;
  options.encoder_positions = settings.encoder_positions;
  NPU_TRY_ASSIGN(options.max_lag_s, lag_s(settings.max_lag_ms));
  options.vad_threshold = static_cast<float>(settings.vad_threshold);
  return options;
}

OutputSettings output_settings(const Settings& settings) {
  const auto ns = [](unsigned milliseconds) { return int64_t{milliseconds} * 1'000'000; };
  OutputSettings output;
  output.mode = settings.output_mode;
  output.way = settings.output;
  output.shape.max_line_chars = settings.max_line_chars;
  output.shape.max_lines = settings.max_lines;
  output.shape.min_duration_ns = ns(settings.min_duration_ms);
  output.shape.max_duration_ns = ns(settings.max_duration_ms);
  output.shape.max_chars_per_s = settings.max_cps;
  output.shape.min_gap_ns = ns(settings.min_gap_ms);
  output.shape.chain_gap_ns = ns(settings.chain_gap_ms);
  output.shape.linger_ns = ns(settings.linger_ms);
  // Who wants text early cannot wait for the best cues either.
  if (settings.max_lag_ms > 0) {
    output.shape.horizon_ns =
        std::min(output.shape.horizon_ns, ns(static_cast<unsigned>(settings.max_lag_ms)));
  }
  return output;
}

Result<void> check_output(const Settings& settings) {
  if (settings.min_duration_ms <= settings.max_duration_ms) return {};
  return Error{ErrorCode::kInvalidArgument,
               text("min-duration: expected at most max-duration (", settings.max_duration_ms,
                    "), found ", settings.min_duration_ms)};
}

std::string tag_language(const std::string& code, Task task) {
  if (task == Task::kTranslate) return "en";
  if (code.empty()) return "und";
  if (code == "jw") return "jv";  // Whisper's code for Javanese was withdrawn from ISO 639
  return code;
}

}  // namespace npu::gst
