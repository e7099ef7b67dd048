// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/catalogue.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "built_in_catalogue.h"
#include "models/files.h"

namespace npu::models {
namespace {

using Json = nlohmann::json;

bool is_hexadecimal(std::string_view digest, size_t digits) {
  return digest.size() == digits &&
         digest.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<FileSpec> parse_file(const Json& json) {
  FileSpec file{json.at("name"), json.at("size"), json.at("sha256"), ""};
  if (!is_plain_name(file.name)) {
    return Error{ErrorCode::kBadModel, text("file name \"", file.name, "\" is not allowed")};
  }
  if (!is_hexadecimal(file.sha256, 64)) {
    return Error{ErrorCode::kBadModel,
                 text(file.name, ": expected a SHA-256 of 64 digits, found \"", file.sha256, "\"")};
  }
  return file;
}

Result<ModelSpec> parse_model(const Json& json) {
  ModelSpec model;
  model.name = json.at("name");
  model.repository = json.value("repository", "");
  model.revision = json.value("revision", "main");
  if (!is_plain_name(model.name) || !is_plain_name(model.revision) ||
      !(model.repository.empty() || is_repository(model.repository))) {
    return Error{ErrorCode::kBadModel, text("model \"", model.name, "\" of repository \"",
                                            model.repository, "\": a name is not allowed")};
  }
  for (const Json& row : json.value("files", Json::array())) {
    NPU_TRY_ASSIGN(FileSpec file, parse_file(row));
    model.files.push_back(std::move(file));
  }
  for (const Json& row : json.value("wheels", Json::array())) {
    Wheel wheel{row.at("package"), row.at("version"), row.value("size", uint64_t{0})};
    if (!is_plain_name(wheel.package) || !is_plain_name(wheel.version)) {
      return Error{ErrorCode::kBadModel, text("wheel \"", wheel.package, "\" is not allowed")};
    }
    model.wheels.push_back(std::move(wheel));
  }
  if (model.repository.empty() && (model.files.empty() || model.wheels.empty())) {
    return Error{ErrorCode::kBadModel,
                 text("model \"", model.name, "\": expected a repository, or files and wheels")};
  }
  return model;
}

}  // namespace

uint64_t ModelSpec::size_bytes() const {
  uint64_t sum = 0;
  for (const FileSpec& file : files) sum += file.size_bytes;
  return sum;
}

std::string ModelSpec::source() const {
  return repository.empty() ? wheels.front().package + " (PyPI)" : repository;
}

Result<Catalogue> Catalogue::load(const std::string& path) {
  std::string source = kBuiltInCatalogue;
  if (!path.empty()) {
    NPU_TRY_ASSIGN(source, read_file(path));
  }
  const std::string where = path.empty() ? "built-in catalogue" : path;
  Catalogue catalogue;
  try {
    const Json json = Json::parse(source);
    for (const Json& row : json.at("models")) {
      auto model = parse_model(row);
      if (!model) return Error{model.error().code, text(where, ": ", model.error().message)};
      catalogue.models_.push_back(std::move(*model));
    }
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kBadModel, text(where, ": ", error.what())};
  }
  return catalogue;
}

const ModelSpec* Catalogue::find(std::string_view name) const {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const ModelSpec& model) { return model.name == name; });
  return found == models_.end() ? nullptr : &*found;
}

bool is_plain_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_repository(std::string_view name) {
  const size_t slash = name.find('/');
  return slash != std::string_view::npos && is_plain_name(name.substr(0, slash)) &&
         is_plain_name(name.substr(slash + 1));
}

}  // namespace npu::models
