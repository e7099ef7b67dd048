// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/speech.h"

#include <cstdlib>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "model/tokenizer.h"
#include "models/catalogue.h"
#include "models/files.h"
#include "models/recording.h"

namespace npu::models {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.tsv";

Error unknown_language(const std::string& name) {
  return {ErrorCode::kInvalidArgument,
          text("--speech: expected a language that Whisper knows (\"en\", \"pt-BR\"), found \"",
               name, "\"")};
}

Result<std::string> language_code(const std::string& name) {
  if (name.empty()) return name;
  if (const auto code = find_language(name)) return *code;
  return unknown_language(name);
}

}  // namespace

fs::path calibration_folder() {
  if (const char* folder = std::getenv("NPUWHISPER_CALIBRATION"); folder && *folder) return folder;
  std::error_code error;
  const fs::path command = fs::read_symlink("/proc/self/exe", error).parent_path();
  // In the build tree; then wherever the installed tree was put, for which "share" is usual.
  for (const fs::path& folder :
       {command / "calibration", command / "../share/npuwhisper/calibration"})
    if (fs::exists(folder / kManifest, error)) return folder.lexically_normal();
  return NPUWHISPER_CALIBRATION_FOLDER;
}

Result<std::vector<SpeechFile>> bundled_speech(const fs::path& folder) {
  const auto read = read_file(folder / kManifest);
  if (!read)
    return Error{read.error().code, text(read.error().message,
                                         "; expected the speech that comes with npuwhisper; give "
                                         "other speech with --speech")};
  std::vector<SpeechFile> files;
  std::istringstream lines(*read);
  std::string line;
  std::getline(lines, line);  // names of the columns
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string file, language;
    std::getline(fields, file, '\t');
    std::getline(fields, language, '\t');
    const auto code = find_language(language);
    if (!is_plain_name(file) || !code)
      return Error{ErrorCode::kBadModel, text((folder / kManifest).string(),
                                              ": expected a plain file name and a language, found "
                                              "\"",
                                              line, "\"")};
    files.push_back({(folder / file).string(), *code});
  }
  if (files.empty())
    return Error{ErrorCode::kBadModel, text((folder / kManifest).string(), " names no file")};
  return files;
}

Result<std::vector<SpeechFile>> given_speech(const std::vector<std::string>& files,
                                             const std::string& language) {
  NPU_TRY_ASSIGN(const std::string usual, language_code(language));
  std::vector<SpeechFile> speech;
  for (const std::string& given : files) {
    std::error_code error;
    const size_t colon = given.rfind(':');
    if (colon == std::string::npos || fs::exists(given, error)) {
      speech.push_back({given, usual});
      continue;
    }
    NPU_TRY_ASSIGN(const std::string own, language_code(given.substr(colon + 1)));
    speech.push_back({given.substr(0, colon), own});
  }
  return speech;
}

Result<std::vector<Recording>> read_speech(const std::vector<SpeechFile>& files,
                                           const CancelToken& cancel) {
  std::vector<Recording> recordings;
  for (const SpeechFile& file : files) {
    NPU_TRY_ASSIGN(const std::vector<float> samples, read_recording(file.path, cancel));
    if (recordings.empty() || recordings.back().language != file.language)
      recordings.push_back({file.language, {}});
    std::vector<float>& joined = recordings.back().samples;
    joined.insert(joined.end(), samples.begin(), samples.end());
  }
  return recordings;
}

}  // namespace npu::models
