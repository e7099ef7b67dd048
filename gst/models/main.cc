// SPDX-License-Identifier: LGPL-2.1-or-later
// npuwhisper-models: lists, fetches and verifies Whisper models, and clears what is kept of them.
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
    "  cache [clear]    what is kept of packed models for a quicker start, or remove it\n"
    "\n"
    "Models are kept in $NPUWHISPER_MODELS, else $XDG_DATA_HOME/npuwhisper/models, else\n"
    "~/.local/share/npuwhisper/models; `npuwhisper model=NAME` finds them there.";

struct CommandLine {
  bool json = false;
  bool quiet = false;
  bool version = false;
  std::string install_as;
  std::string from;
  std::string catalogue;
  std::vector<std::string> words;
};

struct FreeStrings {
  void operator()(char** strings) const { g_strfreev(strings); }
};
struct FreeString {
  void operator()(char* string) const { g_free(string); }
};

// Errors: kInvalidArgument.
Result<CommandLine> parse(int argc, char** argv) {
  gboolean json = FALSE;
  gboolean quiet = FALSE;
  gboolean version = FALSE;
  char* as = nullptr;
  char* from = nullptr;
  char* catalogue = nullptr;
  char** words = nullptr;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "list, cache: print JSON", nullptr},
      {"as", 0, 0, G_OPTION_ARG_STRING, &as, "fetch: install under this name", "NAME"},
      {"from", 0, 0, G_OPTION_ARG_FILENAME, &from,
       "fetch: take the files, or their wheels, from a folder", "FOLDER"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "show no progress", nullptr},
      {"catalogue", 0, 0, G_OPTION_ARG_FILENAME, &catalogue, "use another list of models and sums",
       "FILE"},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, nullptr, nullptr},
      {}};
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(
      g_option_context_new("COMMAND [NAME...]"), g_option_context_free);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_set_summary(context.get(), kSummary);
  GError* raw = nullptr;
  const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &raw);
  const std::unique_ptr<char, FreeString> owned[] = {std::unique_ptr<char, FreeString>(as),
                                                     std::unique_ptr<char, FreeString>(from),
                                                     std::unique_ptr<char, FreeString>(catalogue)};
  const std::unique_ptr<char*, FreeStrings> owned_words(words);
  if (!parsed) {
    const std::unique_ptr<GError, decltype(&g_error_free)> error(raw, g_error_free);
    return Error{ErrorCode::kInvalidArgument, error->message};
  }
  CommandLine line{json != 0,
                   quiet != 0,
                   version != 0,
                   as ? as : "",
                   from ? from : "",
                   catalogue ? catalogue : "",
                   {}};
  for (char** word = words; word && *word; ++word) line.words.emplace_back(*word);
  return line;
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

Result<void> run(const CommandLine& line) {
  if (line.words.empty()) {
    return Error{ErrorCode::kInvalidArgument, "expected a command: list, fetch, verify or cache"};
  }
  const std::string& command = line.words.front();
  const std::vector<std::string> names(line.words.begin() + 1, line.words.end());
  if (command == "cache") return run_cache(names, line.json);
  NPU_TRY_ASSIGN(const Catalogue catalogue, Catalogue::load(line.catalogue));
  Progress progress(stderr, terminal_columns(stderr), line.quiet);
  if (command == "list" && names.empty()) return list(catalogue, model_folder(), line.json);
  if (command == "fetch") return run_fetch(catalogue, line, names, progress);
  if (command == "verify") return verify(catalogue, model_folder(), names, progress);
  return Error{ErrorCode::kInvalidArgument, text("unknown command \"", command,
                                                 "\": expected list, fetch NAME, verify or cache")};
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
