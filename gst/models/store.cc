// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/store.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "vad/vad_model.h"

namespace npu::models {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

bool has_model_file(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path.extension() == ".bin";
  for (const char* name :
       {"model.bin", "model.safetensors", "model.safetensors.index.json", kVadFileName}) {
    if (fs::exists(path / name, error)) return true;
  }
  return false;
}

}  // namespace

Result<std::optional<ModelSpec>> read_record(const fs::path& model_path) {
  const fs::path path = model_path / kRecordName;
  std::error_code missing;
  if (!fs::exists(path, missing)) return std::optional<ModelSpec>();
  NPU_TRY_ASSIGN(const std::string source, read_file(path));
  try {
    const Json json = Json::parse(source);
    ModelSpec spec;
    spec.name = model_path.filename().string();
    spec.repository = json.at("repository");
    spec.revision = json.at("revision");
    for (const Json& row : json.at("files")) {
      FileSpec file{row.at("name"), row.at("size"), row.at("sha256"), ""};
      if (!is_plain_name(file.name) || file.sha256.size() != 64) {
        return Error{ErrorCode::kBadModel, text(path.string(), ": file \"", file.name,
                                                "\": expected a plain name and a SHA-256")};
      }
      spec.files.push_back(std::move(file));
    }
    return std::optional<ModelSpec>(std::move(spec));
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kBadModel, text(path.string(), ": ", error.what())};
  }
}

Result<std::optional<ModelSpec>> installed_spec(const Catalogue& catalogue,
                                                const fs::path& model_path) {
  const ModelSpec* known = catalogue.find(model_path.filename().string());
  if (known && known->pinned()) return std::optional<ModelSpec>(*known);
  return read_record(model_path);
}

std::vector<std::string> installed_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || name.ends_with(".partial")) continue;
    if (has_model_file(entry->path())) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool looks_complete(const fs::path& model_path, const ModelSpec& spec) {
  return std::all_of(spec.files.begin(), spec.files.end(), [&](const FileSpec& file) {
    std::error_code error;
    return fs::file_size(model_path / file.name, error) == file.size_bytes && !error;
  });
}

bool Staging::has(const FileSpec& file, Progress& progress) const {
  for (const fs::path& place : {staging_, final_}) {
    std::error_code error;
    if (!fs::exists(place / file.name, error)) continue;
    progress.begin("checking " + file.name, file.size_bytes, 0);
    const auto checked =
        check_file(place / file.name, file, [&](uint64_t done) { progress.update(done); });
    progress.end();
    if (checked) return true;
  }
  return false;
}

fs::path Staging::partial_path(const FileSpec& file) const {
  return staging_ / (file.name + ".partial");
}

Result<void> Staging::accept(const FileSpec& file, Progress& progress) {
  const fs::path partial = partial_path(file);
  progress.begin("checking " + file.name, file.size_bytes, 0);
  const auto checked = check_file(partial, file, [&](uint64_t done) { progress.update(done); });
  progress.end();
  std::error_code error;
  if (!checked) {
    if (checked.error().code == ErrorCode::kBadModel) fs::remove(partial, error);
    return checked.error();
  }
  fs::rename(partial, staging_ / file.name, error);
  if (error) {
    return Error{ErrorCode::kIo, text("cannot rename ", partial.string(), ": ", error.message())};
  }
  return {};
}

Result<void> Staging::require_space(uint64_t bytes) const {
  NPU_TRY_ASSIGN(const uint64_t free, free_bytes(staging_));
  if (bytes <= free) return {};
  return Error{ErrorCode::kIo, text("not enough space in ", folder_.string(), ": needs ",
                                    size_text(bytes), ", has ", size_text(free), " free")};
}

}  // namespace npu::models
