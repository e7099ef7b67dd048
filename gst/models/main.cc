// SPDX-License-Identifier: LGPL-2.1-or-later
// npuwhisper-models: lists, fetches, verifies and prepares Whisper models, and clears what is kept
// of them.
#include <glib.h>

#include <clocale>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"
#include "models/catalogue.h"
#include "models/commands.h"
#include "models/fetch.h"
#include "models/packed.h"
#include "models/prepare.h"
#include "models/prepared.h"
#include "models/progress.h"

namespace npu::models {
namespace {

// Exit codes; documented in npuwhisper-models(1), so the numbers do not change.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kWrongSum = 3 };

constexpr char kSummary[] =
    "Commands:\n"
    "  list             what can be fetched, what is installed, and where\n"
    "  fetch NAME...    fetch models by name, or ORG/REPO of the Hugging Face hub\n"
    "  verify [NAME...] check sizes and SHA-256 sums, of all installed models by default\n"
    "  prepare NAME     write a model in the NPU's arithmetic, which precision=npu needs;\n"
    "                   NAME may be a path, --speech FILE... other speech than the bundled one\n"
    "  prepared [clear [NAME...]]  what is prepared, or remove it\n"
    "  cache [clear]    what is kept of packed models for a quicker start, or remove it\n"
    "\n"
    "Models are kept in $NPUWHISPER_MODELS, else $XDG_DATA_HOME/npuwhisper/models, else\n"
    "~/.local/share/npuwhisper/models; `npuwhisper model=NAME` finds them there.";

struct CommandLine {
  bool json = false;
  bool quiet = false;
  bool version = false;
  int threads = 0;
  std::string install_as;
  std::string from;
  std::string catalogue;
  std::string language;
  std::vector<std::string> speech;
  std::vector<std::string> words;
};

// As GOption fills it in.
struct RawLine {
  gboolean json = FALSE, quiet = FALSE, version = FALSE;
  int threads = 0;
  char *as = nullptr, *from = nullptr, *catalogue = nullptr, *language = nullptr;
  char **speech = nullptr, **words = nullptr;

  RawLine() = default;
  RawLine(const RawLine&) = delete;
  RawLine& operator=(const RawLine&) = delete;
  ~RawLine() {
    for (char* string : {as, from, catalogue, language}) g_free(string);
    g_strfreev(speech);
    g_strfreev(words);
  }
};

std::string string_of(const char* given) {
  return given ? given : "";
}

std::vector<std::string> strings_of(char** given) {
  std::vector<std::string> strings;
  for (; given && *given; ++given) strings.emplace_back(*given);
  return strings;
}

// Errors: kInvalidArgument.
Result<CommandLine> parse(int argc, char** argv) {
  RawLine raw;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &raw.json, "list, prepared, cache: print JSON", nullptr},
      {"as", 0, 0, G_OPTION_ARG_STRING, &raw.as, "fetch: install under this name", "NAME"},
      {"from", 0, 0, G_OPTION_ARG_FILENAME, &raw.from,
       "fetch: take the files, or their wheels, from a folder", "FOLDER"},
      {"speech", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.speech,
       "prepare: hear this recording, and those after NAME", "FILE[:LANGUAGE]"},
      {"language", 0, 0, G_OPTION_ARG_STRING, &raw.language,
       "prepare: of recordings that name none; else the one that is heard", "LANGUAGE"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &raw.threads, "prepare: threads, 0 for all", "N"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw.quiet, "show no progress", nullptr},
      {"catalogue", 0, 0, G_OPTION_ARG_FILENAME, &raw.catalogue,
       "use another list of models and sums", "FILE"},
      {"version", 0, 0, G_OPTION_ARG_NONE, &raw.version, "print the version", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.words, nullptr, nullptr},
      {}};
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(
      g_option_context_new("COMMAND [NAME...]"), g_option_context_free);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_set_summary(context.get(), kSummary);
  GError* failure = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &failure)) {
    const std::unique_ptr<GError, decltype(&g_error_free)> error(failure, g_error_free);
    return Error{ErrorCode::kInvalidArgument, error->message};
  }
  return CommandLine{raw.json != 0,
                     raw.quiet != 0,
                     raw.version != 0,
                     raw.threads,
                     string_of(raw.as),
                     string_of(raw.from),
                     string_of(raw.catalogue),
                     string_of(raw.language),
                     strings_of(raw.speech),
                     strings_of(raw.words)};
}

Result<void> run_fetch(const Catalogue& catalogue, const CommandLine& line,
                       const std::vector<std::string>& names, Progress& progress) {
  if (names.empty()) return Error{ErrorCode::kInvalidArgument, "fetch: expected a name"};
  if (names.size() > 1 && (!line.install_as.empty() || !line.from.empty())) {
    return Error{ErrorCode::kInvalidArgument, "fetch: --as and --from go with one name only"};
  }
  for (const std::string& name : names) {
    const FetchRequest request{name, line.install_as, line.from, model_folder()};
    const auto fetched = fetch(catalogue, request, progress);
    if (!fetched) {
      return Error{fetched.error().code,
                   text("cannot fetch ", name, ": ", fetched.error().message)};
    }
  }
  return {};
}

Result<void> run_cache(const std::vector<std::string>& words, bool json) {
  if (words.empty()) return list_packed(json);
  if (words.size() == 1 && words.front() == "clear") return clear_packed();
  return Error{ErrorCode::kInvalidArgument,
               text("cache: expected nothing more, or clear; found \"", words.front(), '"')};
}

Result<void> run_prepare(const CommandLine& line, const std::vector<std::string>& names,
                         Progress& progress) {
  if (names.empty())
    return Error{ErrorCode::kInvalidArgument, "prepare: expected the name or the path of a model"};
  PrepareRequest request{names.front(), line.speech, line.language, line.threads};
  if (line.speech.empty() && names.size() > 1)
    return Error{
        ErrorCode::kInvalidArgument,
        text("prepare: expected one model, or recordings with --speech; found \"", names[1], '"')};
  if (line.speech.empty() && !line.language.empty())
    return Error{ErrorCode::kInvalidArgument, "prepare: --language goes with --speech only"};
  // A shell turns --speech *.ogg into one file that the option has and others behind it.
  request.speech.insert(request.speech.end(), names.begin() + 1, names.end());
  return prepare(request, progress);
}

Result<void> run_prepared(const std::vector<std::string>& words, bool json) {
  if (words.empty()) return list_prepared(json);
  if (words.front() == "clear") return clear_prepared({words.begin() + 1, words.end()});
  return Error{ErrorCode::kInvalidArgument,
               text("prepared: expected nothing more, or clear; found \"", words.front(), '"')};
}

Result<void> run(const CommandLine& line) {
  if (line.words.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "expected a command: list, fetch, verify, prepare, prepared or cache"};
  }
  const std::string& command = line.words.front();
  const std::vector<std::string> names(line.words.begin() + 1, line.words.end());
  if (command == "cache") return run_cache(names, line.json);
  if (command == "prepared") return run_prepared(names, line.json);
  Progress progress(stderr, terminal_columns(stderr), line.quiet);
  if (command == "prepare") return run_prepare(line, names, progress);
  NPU_TRY_ASSIGN(const Catalogue catalogue, Catalogue::load(line.catalogue));
  if (command == "list" && names.empty()) return list(catalogue, model_folder(), line.json);
  if (command == "fetch") return run_fetch(catalogue, line, names, progress);
  if (command == "verify") return verify(catalogue, model_folder(), names, progress);
  return Error{ErrorCode::kInvalidArgument, text("unknown command \"", command,
                                                 "\": expected list, fetch NAME, verify, prepare "
                                                 "NAME, prepared or cache")};
}

int exit_code(const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument) return kUsage;
  return error.code == ErrorCode::kBadModel ? kWrongSum : kFailed;
}

int main_with(int argc, char** argv) {
  auto line = parse(argc, argv);
  if (line && line->version) {
    std::puts("npuwhisper-models " NPUWHISPER_VERSION);
    return kDone;
  }
  const auto done = line ? run(*line) : Result<void>(line.error());
  if (done) return kDone;
  const int code = exit_code(done.error());
  std::fprintf(stderr, "npuwhisper-models: %s%s\n", done.error().message.c_str(),
               code == kUsage ? " (see --help)" : "");
  return code;
}

}  // namespace
}  // namespace npu::models

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return npu::models::main_with(argc, argv);
}
