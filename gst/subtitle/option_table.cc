// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/option_table.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace npu::subtitle {
namespace {

using OwnedContext = std::unique_ptr<GOptionContext, decltype(&g_option_context_free)>;

// Options that are properties of the element under a shorter or the same name.
struct PassedOn {
  const char* name;
  const char* property;
  const char* help;
  const char* value;
};

constexpr std::array<PassedOn, 10> kPassedOn = {{
    {"max-line", "max-line-chars", "columns of a line (42); wide characters count 2", "N"},
    {"max-lines", "max-lines", "lines of a caption (2)", "N"},
    {"min-duration", "min-duration", "shortest time a caption is shown, in ms (833)", "MS"},
    {"max-duration", "max-duration", "longest time a caption is shown, in ms (7000)", "MS"},
    {"max-cps", "max-cps", "reading speed, characters per second (20); 0: any", "N"},
    {"min-gap", "min-gap", "least time between two captions, in ms (83)", "MS"},
    {"chain-gap", "chain-gap", "gaps shorter than this are closed to --min-gap, in ms (500)", "MS"},
    {"linger", "linger", "longest time a caption stays after its last word, in ms (500)", "MS"},
    {"vad", "vad", "decode speech only: auto (if the detector has been fetched), on or off",
     "MODE"},
    {"precision", "precision", "arithmetic of the model: auto, f32, int8, bf16 or npu", "NAME"},
}};

gboolean fail(GError** error, const std::string& message) {
  g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message.c_str());
  return FALSE;
}

gboolean take_passed_on(const char* option, const char* value, gpointer data, GError**) {
  const std::string_view name = std::string_view(option).substr(2);
  const auto* row = std::find_if(kPassedOn.begin(), kPassedOn.end(),
                                 [name](const PassedOn& known) { return name == known.name; });
  static_cast<RawOptions*>(data)->settings.push_back({option, row->property, value});
  return TRUE;
}

gboolean take_set(const char*, const char* value, gpointer data, GError** error) {
  const std::string_view text = value;
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(error, "--set: expected PROPERTY=VALUE, found " + std::string(text));
  }
  const std::string property(text.substr(0, equals));
  static_cast<RawOptions*>(data)->settings.push_back(
      {"--set=" + property, property, std::string(text.substr(equals + 1))});
  return TRUE;
}

using Entries = std::vector<GOptionEntry>;

void flag(Entries& entries, const char* name, char letter, gboolean& value, const char* help) {
  entries.push_back({name, letter, 0, G_OPTION_ARG_NONE, &value, help, nullptr});
}

void valued(Entries& entries, const char* name, char letter, GOptionArg kind, void* value,
            const char* help, const char* what) {
  entries.push_back({name, letter, 0, kind, value, help, what});
}

void called(Entries& entries, const char* name, GOptionArgFunc function, const char* help,
            const char* what) {
  entries.push_back({name, 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK,
                     reinterpret_cast<gpointer>(function), help, what});
}

void add_files(Entries& entries, RawOptions& raw) {
  valued(entries, "format", 'f', G_OPTION_ARG_STRING, &raw.format,
         "srt (the default), vtt, txt, json; several with commas", "FORMATS");
  valued(entries, "output", 'o', G_OPTION_ARG_FILENAME, &raw.output,
         "file or folder to write to, - for standard output; else beside the medium", "PATH");
  flag(entries, "recursive", 'r', raw.recursive, "search folders below the folders given, too");
  valued(entries, "jobs", 'j', G_OPTION_ARG_INT, &raw.jobs, "files at once, on one model", "N");
  flag(entries, "skip-existing", 0, raw.skip_existing, "leave out what has been written before");
  flag(entries, "force", 0, raw.force, "overwrite files that exist");
  valued(entries, "track", 't', G_OPTION_ARG_STRING, &raw.track,
         "audio track, from 1, or its language, such as de", "TRACK");
  valued(entries, "from", 0, G_OPTION_ARG_STRING, &raw.from, "begin here: 1:02:03.5, 2:03, 123",
         "TIME");
  valued(entries, "to", 0, G_OPTION_ARG_STRING, &raw.to, "end here", "TIME");
}

void add_videos(Entries& entries, RawOptions& raw) {
  flag(entries, "embed", 0, raw.embed,
       "write a copy of the video that has the subtitles as a track");
  flag(entries, "burn", 0, raw.burn, "write a copy of the video with the subtitles in the picture");
  valued(entries, "container", 0, G_OPTION_ARG_STRING, &raw.container,
         "mkv or mp4; else mp4 for mp4, mkv for all others", "NAME");
  valued(entries, "quality", 0, G_OPTION_ARG_INT, &raw.quality,
         "of --burn: x264's rate factor, 0 (lossless) to 51 (20)", "N");
  valued(entries, "font", 0, G_OPTION_ARG_STRING, &raw.font,
         "of --burn: a Pango font, for a picture 640 wide (Sans 20)", "FONT");
}

void add_model(Entries& entries, RawOptions& raw) {
  valued(entries, "model", 'm', G_OPTION_ARG_FILENAME, &raw.model,
         "name (base) or path of the Whisper model", "MODEL");
  valued(entries, "device", 'd', G_OPTION_ARG_STRING, &raw.device, "auto, cpu or npu", "DEVICE");
  valued(entries, "device-index", 0, G_OPTION_ARG_INT, &raw.device_index,
         "which device of that kind", "N");
  valued(entries, "threads", 0, G_OPTION_ARG_INT, &raw.threads,
         "CPU threads; 0: as many as there are", "N");
}

void add_transcription(Entries& entries, RawOptions& raw) {
  valued(entries, "language", 'l', G_OPTION_ARG_STRING, &raw.language,
         "language spoken, such as en or pt-BR; auto (the default) detects it", "CODE");
  valued(entries, "task", 0, G_OPTION_ARG_STRING, &raw.task, "transcribe or translate (to English)",
         "TASK");
  flag(entries, "translate", 0, raw.translate, "the same as --task=translate");
  valued(entries, "beam-size", 0, G_OPTION_ARG_INT, &raw.beam_size,
         "beams at temperature 0; 0: greedy", "N");
  valued(entries, "best-of", 0, G_OPTION_ARG_INT, &raw.best_of, "samples at temperatures above 0",
         "N");
  valued(entries, "temperature", 0, G_OPTION_ARG_DOUBLE, &raw.temperature,
         "sampling temperature to begin with", "T");
  // As bytes: in the C locale GLib would refuse what is not ASCII.
  valued(entries, "initial-prompt", 0, G_OPTION_ARG_FILENAME, &raw.initial_prompt,
         "names and words to expect", "TEXT");
  flag(entries, "exact", 0, raw.exact,
       "work as the reference implementation does: one window after the other, all of the file in "
       "memory, 16 bit samples, no --vad");
  called(entries, "set", take_set, "set any property of the element npuwhisper", "PROPERTY=VALUE");
}

void add_captions(Entries& entries, RawOptions& raw) {
  flag(entries, "words", 0, raw.words, "a caption for each word");
  flag(entries, "word-timestamps", 0, raw.word_timestamps,
       "time each word: JSON lists them, WebVTT marks them inside its captions");
  for (const PassedOn& row : kPassedOn) {
    called(entries, row.name, take_passed_on, row.help, row.value);
  }
}

void add_rest(Entries& entries, RawOptions& raw) {
  flag(entries, "quiet", 'q', raw.quiet, "print errors only");
  flag(entries, "profile", 0, raw.profile, "print where the time goes instead of writing a file");
  flag(entries, "json", 0, raw.json, "print the profile as JSON");
  flag(entries, "self-test", 0, raw.self_test, "check model and device against known values");
  flag(entries, "version", 0, raw.version, "print the version");
  valued(entries, G_OPTION_REMAINING, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.inputs, nullptr,
         "FILE|FOLDER...");
  entries.push_back({nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr});
}

// The words with each "-j4" as "-j", "4".
std::vector<std::string> separated_jobs(int argc, char** argv) {
  std::vector<std::string> words;
  bool only_files = false;
  for (int index = 0; index < argc; ++index) {
    const std::string word = argv[index];
    only_files = only_files || word == "--";
    const bool is_jobs = !only_files && word.size() > 2 && word.starts_with("-j") &&
                         word.find_first_not_of("0123456789", 2) == std::string::npos;
    if (is_jobs) words.push_back("-j");
    words.push_back(is_jobs ? word.substr(2) : word);
  }
  return words;
}

}  // namespace

RawOptions::~RawOptions() {
  for (char* text : {format, output, container, font, track, from, to, model, device, language,
                     task, initial_prompt}) {
    g_free(text);
  }
  g_strfreev(inputs);
}

Done parse_raw(int argc, char** argv, RawOptions& raw) {
  Entries entries;
  for (auto* add : {add_files, add_videos, add_model, add_transcription, add_captions, add_rest}) {
    add(entries, raw);
  }
  const OwnedContext context(g_option_context_new("- write subtitles for audio and video files"),
                             g_option_context_free);
  GOptionGroup* group = g_option_group_new(nullptr, nullptr, nullptr, &raw, nullptr);
  g_option_group_add_entries(group, entries.data());
  g_option_context_set_main_group(context.get(), group);
  g_option_context_set_description(
      context.get(), "npusubtitle talk.mp4 writes talk.srt beside it. See npusubtitle(1).");
  // GLib moves the pointers, and takes "-j4" for an option named 4.
  std::vector<std::string> words = separated_jobs(argc, argv);
  std::vector<char*> copy;
  for (std::string& word : words) copy.push_back(word.data());
  argc = static_cast<int>(copy.size());
  copy.push_back(nullptr);
  char** arguments = copy.data();
  GError* error = nullptr;
  if (g_option_context_parse(context.get(), &argc, &arguments, &error)) return done();
  Failure failure{ExitCode::kUsage, error->message};
  g_error_free(error);
  return failure;
}

}  // namespace npu::subtitle
