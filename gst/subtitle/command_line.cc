// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/command_line.h"

#include <glib.h>

#include <filesystem>
#include <limits>
#include <memory>

namespace npu::subtitle {
namespace {

constexpr int kUnsetInt = std::numeric_limits<int>::min();
constexpr double kUnsetDouble = std::numeric_limits<double>::lowest();

using OwnedContext = std::unique_ptr<GOptionContext, decltype(&g_option_context_free)>;

// Where GLib leaves what it parsed.
struct Raw {
  char* format = nullptr;
  char* output = nullptr;
  char* model = nullptr;
  char* device = nullptr;
  char* language = nullptr;
  char* task = nullptr;
  char* initial_prompt = nullptr;
  char** files = nullptr;
  int track = kUnsetInt;
  int device_index = kUnsetInt;
  int beam_size = kUnsetInt;
  int best_of = kUnsetInt;
  int threads = kUnsetInt;
  double temperature = kUnsetDouble;
  gboolean translate = FALSE;
  gboolean force = FALSE;
  gboolean quiet = FALSE;
  gboolean json = FALSE;
  gboolean exact = FALSE;
  gboolean word_timestamps = FALSE;
  gboolean profile = FALSE;
  gboolean self_test = FALSE;
  gboolean version = FALSE;

  Raw() = default;
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() {
    for (char* text : {format, output, model, device, language, task, initial_prompt}) g_free(text);
    g_strfreev(files);
  }
};

std::vector<GOptionEntry> option_table(Raw& raw) {
  return {
      {"format", 'f', 0, G_OPTION_ARG_STRING, &raw.format, "srt (the default), vtt, txt or json",
       "FORMAT"},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &raw.output,
       "file or folder to write to, - for standard output; else beside the medium", "PATH"},
      {"force", 0, 0, G_OPTION_ARG_NONE, &raw.force, "overwrite a file that exists", nullptr},
      {"track", 't', 0, G_OPTION_ARG_INT, &raw.track, "audio track, from 1", "N"},
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &raw.model,
       "name (base) or path of the Whisper model", "MODEL"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &raw.device, "auto, cpu or npu", "DEVICE"},
      {"device-index", 0, 0, G_OPTION_ARG_INT, &raw.device_index, "which device of that kind", "N"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &raw.threads, "CPU threads; 0: as many as there are",
       "N"},
      {"language", 'l', 0, G_OPTION_ARG_STRING, &raw.language,
       "language spoken, such as en or pt-BR; auto (the default) detects it", "CODE"},
      {"task", 0, 0, G_OPTION_ARG_STRING, &raw.task, "transcribe or translate (to English)",
       "TASK"},
      {"translate", 0, 0, G_OPTION_ARG_NONE, &raw.translate, "the same as --task=translate",
       nullptr},
      {"beam-size", 0, 0, G_OPTION_ARG_INT, &raw.beam_size, "beams at temperature 0; 0: greedy",
       "N"},
      {"best-of", 0, 0, G_OPTION_ARG_INT, &raw.best_of, "samples at temperatures above 0", "N"},
      {"temperature", 0, 0, G_OPTION_ARG_DOUBLE, &raw.temperature,
       "sampling temperature to begin with", "T"},
      // As bytes: in the C locale GLib would refuse what is not ASCII.
      {"initial-prompt", 0, 0, G_OPTION_ARG_FILENAME, &raw.initial_prompt,
       "names and words to expect", "TEXT"},
      {"word-timestamps", 0, 0, G_OPTION_ARG_NONE, &raw.word_timestamps,
       "time each word (shown in JSON)", nullptr},
      {"exact", 0, 0, G_OPTION_ARG_NONE, &raw.exact,
       "work as the reference implementation does: all of the file in memory, 16 bit samples",
       nullptr},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw.quiet, "print errors only", nullptr},
      {"profile", 0, 0, G_OPTION_ARG_NONE, &raw.profile,
       "print where the time goes instead of writing a file", nullptr},
      {"json", 0, 0, G_OPTION_ARG_NONE, &raw.json, "print the profile as JSON", nullptr},
      {"self-test", 0, 0, G_OPTION_ARG_NONE, &raw.self_test,
       "check model and device against known values", nullptr},
      {"version", 0, 0, G_OPTION_ARG_NONE, &raw.version, "print the version", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.files, nullptr, "FILE..."},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr},
  };
}

std::string text_or_empty(const char* text) {
  return text ? text : "";
}

std::optional<int> int_or_unset(int value) {
  return value == kUnsetInt ? std::nullopt : std::optional<int>(value);
}

Failure usage(const std::string& what) {
  return {ExitCode::kUsage, what + " (npusubtitle --help shows the options)"};
}

CommandLine from_raw(const Raw& raw) {
  CommandLine options;
  options.action = raw.version     ? Action::kShowVersion
                   : raw.self_test ? Action::kSelfTest
                   : raw.profile   ? Action::kProfile
                                   : Action::kSubtitle;
  for (char** file = raw.files; file && *file; ++file) options.files.emplace_back(*file);
  options.output = text_or_empty(raw.output);
  options.track = raw.track == kUnsetInt ? 0 : raw.track;
  options.force = raw.force;
  options.quiet = raw.quiet;
  options.json = raw.json;
  options.exact = raw.exact;
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
  options.word_timestamps = raw.word_timestamps;
  return options;
}

// What the table cannot check.
Done check(const Raw& raw, CommandLine& options) {
  if (raw.format) {
    options.format = captions::find_format(raw.format);
    if (!options.format) {
      return usage(std::string("--format: expected srt, vtt, txt or json, found ") + raw.format);
    }
  }
  if (raw.track != kUnsetInt && raw.track < 1) {
    return usage("--track: expected 1 or more, found " + std::to_string(raw.track));
  }
  if (!options.task.empty() && options.task != "transcribe" && options.task != "translate") {
    return usage("--task: expected transcribe or translate, found " + options.task);
  }
  if (raw.profile && raw.self_test) return usage("--profile and --self-test exclude each other");
  if (raw.translate && raw.task && options.task != raw.task) {
    return usage("--translate and --task=transcribe exclude each other");
  }
  if (options.json && options.action != Action::kProfile) {
    return usage("--json belongs to --profile; for a JSON transcript use --format=json");
  }
  if (!g_utf8_validate(options.initial_prompt.c_str(), -1, nullptr)) {
    return usage("--initial-prompt: expected UTF-8");
  }
  const bool takes_files =
      options.action == Action::kSubtitle || options.action == Action::kProfile;
  if (takes_files && options.files.empty()) return usage("no file given");
  if (!takes_files && !options.files.empty()) return usage("unexpected file " + options.files[0]);
  if (options.files.size() > 1 && !options.output.empty() && options.output != "-") {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options.output, ignored)) {
      return usage("--output: with several files, expected an existing folder, found " +
                   options.output);
    }
  }
  return done();
}

}  // namespace

Outcome<CommandLine> parse_command_line(int argc, char** argv) {
  Raw raw;
  const std::vector<GOptionEntry> table = option_table(raw);
  const OwnedContext context(g_option_context_new("- write subtitles for audio and video files"),
                             g_option_context_free);
  g_option_context_add_main_entries(context.get(), table.data(), nullptr);
  g_option_context_set_description(
      context.get(), "npusubtitle talk.mp4 writes talk.srt beside it. See npusubtitle(1).");
  std::vector<char*> copy(argv, argv + argc);  // GLib moves the pointers
  copy.push_back(nullptr);
  char** arguments = copy.data();
  GError* error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &arguments, &error)) {
    Failure failure = usage(error->message);
    g_error_free(error);
    return failure;
  }
  CommandLine options = from_raw(raw);
  if (Done checked = check(raw, options); !checked) return checked.failure();
  return options;
}

captions::CaptionFormat chosen_format(const CommandLine& options) {
  if (options.format) return *options.format;
  const std::string extension = std::filesystem::path(options.output).extension().string();
  const auto named = extension.empty() ? std::nullopt : captions::find_format(extension.substr(1));
  return named.value_or(captions::CaptionFormat::kSrt);
}

}  // namespace npu::subtitle
