// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/command_line.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "subtitle/clock.h"
#include "subtitle/file_names.h"
#include "subtitle/option_table.h"

namespace npu::subtitle {
namespace {

constexpr int kMostJobs = 64;
constexpr int kWorstQuality = 51;

std::string text_or_empty(const char* text) {
  return text ? text : "";
}

std::optional<int> int_or_unset(int value) {
  return value == kUnsetInt ? std::nullopt : std::optional<int>(value);
}

Failure usage(const std::string& what) {
  return {ExitCode::kUsage, what + " (npusubtitle --help shows the options)"};
}

Failure expected(const std::string& option, const std::string& range, const std::string& found) {
  return usage(option + ": expected " + range + ", found " + found);
}

CommandLine from_raw(const RawOptions& raw) {
  CommandLine options;
  options.action = raw.version     ? Action::kShowVersion
                   : raw.self_test ? Action::kSelfTest
                   : raw.profile   ? Action::kProfile
                                   : Action::kSubtitle;
  for (char** input = raw.inputs; input && *input; ++input) options.inputs.emplace_back(*input);
  options.recursive = raw.recursive;
  options.output = text_or_empty(raw.output);
  options.embed = raw.embed;
  options.burn = raw.burn;
  options.font = text_or_empty(raw.font);
  options.force = raw.force;
  options.skip_existing = raw.skip_existing;
  options.quiet = raw.quiet;
  options.json = raw.json;
  options.exact = raw.exact;
  options.words = raw.words;
  options.word_timestamps = raw.word_timestamps;
  options.model = text_or_empty(raw.model);
  options.device = text_or_empty(raw.device);
  options.device_index = int_or_unset(raw.device_index);
  options.language = text_or_empty(raw.language);
  options.task = raw.translate ? "translate" : text_or_empty(raw.task);
  options.beam_size = int_or_unset(raw.beam_size);
  options.best_of = int_or_unset(raw.best_of);
  options.threads = int_or_unset(raw.threads);
  if (raw.temperature != kUnsetDouble) options.temperature = raw.temperature;
  options.initial_prompt = text_or_empty(raw.initial_prompt);
  options.settings = raw.settings;
  return options;
}

Done take_formats(const RawOptions& raw, CommandLine& options) {
  std::string_view rest = raw.format ? raw.format : "";
  while (raw.format) {
    const size_t comma = rest.find(',');
    const std::string name(rest.substr(0, comma));
    const auto format = captions::find_format(name);
    if (!format) return expected("--format", "srt, vtt, txt or json", name);
    if (std::find(options.formats.begin(), options.formats.end(), *format) ==
        options.formats.end()) {
      options.formats.push_back(*format);
    }
    if (comma == std::string_view::npos) break;
    rest = rest.substr(comma + 1);
  }
  return done();
}

Done take_track(const RawOptions& raw, CommandLine& options) {
  if (!raw.track) return done();
  const std::string_view text = raw.track;
  const bool is_number = text.find_first_not_of("-0123456789") == std::string_view::npos;
  if (!is_number) {
    options.track.language = text;
    return done();
  }
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), options.track.number);
  if (error == std::errc() && end == text.data() + text.size() && options.track.number >= 1) {
    return done();
  }
  return expected("--track", "1 or more, or a language", raw.track);
}

Done take_range(const RawOptions& raw, CommandLine& options) {
  for (const auto& [name, text] : {std::pair("--from", raw.from), std::pair("--to", raw.to)}) {
    if (!text) continue;
    const auto time_ns = parse_clock(text);
    if (!time_ns) return expected(name, "a time such as 1:02:03.5 or 90", text);
    if (text == raw.from) options.range.from_ns = *time_ns;
    if (text == raw.to) options.range.to_ns = *time_ns;
  }
  if (options.range.to_ns && *options.range.to_ns <= options.range.from_ns) {
    return expected("--to", "a time after --from", raw.to);
  }
  return done();
}

Done take_counts(const RawOptions& raw, CommandLine& options) {
  if (raw.jobs != kUnsetInt) {
    if (raw.jobs < 1 || raw.jobs > kMostJobs) {
      return expected("--jobs", "1 to " + std::to_string(kMostJobs), std::to_string(raw.jobs));
    }
    options.jobs = static_cast<unsigned>(raw.jobs);
  }
  if (raw.quality == kUnsetInt) return done();
  if (raw.quality < 0 || raw.quality > kWorstQuality) {
    return expected("--quality", "0 to 51", std::to_string(raw.quality));
  }
  options.quality = raw.quality;
  return done();
}

Done take_container(const RawOptions& raw, CommandLine& options) {
  if (!raw.container) return done();
  options.container = find_container(raw.container);
  if (!options.container) return expected("--container", "mkv or mp4", raw.container);
  return done();
}

// Options that contradict each other or have nothing to act on.
Done check_together(const RawOptions& raw, const CommandLine& options) {
  if (!options.task.empty() && options.task != "transcribe" && options.task != "translate") {
    return expected("--task", "transcribe or translate", options.task);
  }
  if (raw.profile && raw.self_test) return usage("--profile and --self-test exclude each other");
  if (raw.translate && raw.task && options.task != raw.task) {
    return usage("--translate and --task=transcribe exclude each other");
  }
  if (raw.force && raw.skip_existing) {
    return usage("--force and --skip-existing exclude each other");
  }
  if (options.json && options.action != Action::kProfile) {
    return usage("--json belongs to --profile; for a JSON transcript use --format=json");
  }
  if (options.action == Action::kProfile && options.writes_video()) {
    return usage("--profile writes no video");
  }
  if (options.container && !options.writes_video()) {
    return usage("--container belongs to --embed and --burn");
  }
  if ((raw.quality != kUnsetInt || raw.font) && !options.burn) {
    return usage("--quality and --font belong to --burn");
  }
  if (!g_utf8_validate(options.initial_prompt.c_str(), -1, nullptr)) {
    return usage("--initial-prompt: expected UTF-8");
  }
  return done();
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

// One name for one file; a folder for everything else.
Done check_output(const CommandLine& options) {
  if (options.output.empty() || is_folder(options.output) || options.output.back() == '/') {
    return done();
  }
  const size_t kinds = std::max<size_t>(options.formats.size(), options.writes_video() ? 0 : 1) +
                       (options.embed ? 1 : 0) + (options.burn ? 1 : 0);
  if (options.output == "-") {
    if (options.writes_video()) return usage("--output: a video cannot go to standard output");
    if (kinds > 1) return usage("--output: only one format can go to standard output");
    return done();
  }
  const bool many_files = options.inputs.size() > 1 ||
                          std::any_of(options.inputs.begin(), options.inputs.end(), is_folder);
  if (many_files || kinds > 1) {
    return usage(std::string("--output: with several ") + (many_files ? "files" : "outputs") +
                 ", expected a folder (a new one ends with /), found " + options.output);
  }
  const std::string extension = lower_extension(options.output);
  const bool is_video = find_container(extension).has_value();
  if (options.writes_video() && !options.container && !is_video) {
    return expected("--output", "a name that ends with .mkv or .mp4", options.output);
  }
  if (is_video && !options.writes_video()) {
    return usage("--output: " + options.output + " is written with --embed or --burn only");
  }
  return done();
}

Done check_inputs(const CommandLine& options) {
  const bool takes_files =
      options.action == Action::kSubtitle || options.action == Action::kProfile;
  if (takes_files && options.inputs.empty()) return usage("no file given");
  if (!takes_files && !options.inputs.empty()) {
    return usage("unexpected file " + options.inputs[0]);
  }
  return done();
}

}  // namespace

Outcome<CommandLine> parse_command_line(int argc, char** argv) {
  RawOptions raw;
  if (Done parsed = parse_raw(argc, argv, raw); !parsed) return usage(parsed.failure().message);
  CommandLine options = from_raw(raw);
  for (auto* take : {take_formats, take_track, take_range, take_counts, take_container}) {
    if (Done taken = take(raw, options); !taken) return taken.failure();
  }
  for (const Done& checked :
       {check_together(raw, options), check_inputs(options), check_output(options)}) {
    if (!checked) return checked.failure();
  }
  return options;
}

}  // namespace npu::subtitle
