// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/hub.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace npu::models {
namespace {

using Json = nlohmann::json;

// Small files of any format; not all are there.
constexpr std::string_view kSideFiles[] = {
    "added_tokens.json", "config.json",           "generation_config.json",
    "merges.txt",        "normalizer.json",       "preprocessor_config.json",
    "tokenizer.json",    "tokenizer_config.json", "vocab.json",
    "vocabulary.json",   "vocabulary.txt"};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_shard(std::string_view name) {
  return name.starts_with("model-") && name.ends_with(".safetensors") &&
         name.find("-of-") != std::string_view::npos;
}

// Digest and size of one entry of the hub's list.
Result<FileSpec> parse_entry(const Json& entry) {
  FileSpec file;
  file.name = entry.at("rfilename");
  if (entry.contains("lfs") && !entry.at("lfs").is_null()) {
    file.size_bytes = entry.at("lfs").at("size");
    file.sha256 = entry.at("lfs").at("sha256");
  } else {
    file.size_bytes = entry.at("size");
    file.git_sha1 = entry.at("blobId");
  }
  if (file.sha256.size() != 64 && file.git_sha1.size() != 40) {
    return Error{ErrorCode::kBadModel, text(file.name, ": the hub gives no digest")};
  }
  return file;
}

Result<ModelSpec> parse_answer(const Json& answer, const ModelSpec& model) {
  ModelSpec filled = model;
  filled.revision = answer.at("sha");
  if (!is_plain_name(filled.revision)) {
    return Error{ErrorCode::kBadModel, text("commit \"", filled.revision, "\" is not allowed")};
  }
  std::vector<std::string> names;
  for (const Json& entry : answer.at("siblings")) names.push_back(entry.at("rfilename"));
  const std::vector<std::string> wanted = model_files(names);
  if (wanted.empty()) {
    return Error{ErrorCode::kBadModel,
                 "expected a CTranslate2 model (config.json, model.bin) or a Hugging Face one "
                 "(config.json, model.safetensors), found neither"};
  }
  for (const Json& entry : answer.at("siblings")) {
    if (!has(wanted, entry.at("rfilename").get<std::string>())) continue;
    NPU_TRY_ASSIGN(FileSpec file, parse_entry(entry));
    filled.files.push_back(std::move(file));
  }
  return filled;
}

}  // namespace

std::string hub_endpoint() {
  const char* value = std::getenv("HF_ENDPOINT");
  std::string endpoint = value && *value ? value : "https://huggingface.co";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

std::string hub_url(const ModelSpec& model, const FileSpec& file) {
  return text(hub_endpoint(), "/", model.repository, "/resolve/", model.revision, "/", file.name);
}

std::vector<std::string> model_files(const std::vector<std::string>& names) {
  std::vector<std::string> weights;
  if (has(names, "model.bin")) {
    weights = {"model.bin"};
  } else if (has(names, "model.safetensors")) {
    weights = {"model.safetensors"};
  } else if (has(names, "model.safetensors.index.json")) {
    weights = {"model.safetensors.index.json"};
    std::copy_if(names.begin(), names.end(), std::back_inserter(weights), is_shard);
  }
  if (weights.empty() || !has(names, "config.json")) return {};
  std::vector<std::string> chosen;
  for (const std::string_view name : kSideFiles) {
    if (has(names, name)) chosen.emplace_back(name);
  }
  for (std::string& name : weights) {
    if (is_plain_name(name)) chosen.push_back(std::move(name));
  }
  return chosen;
}

Result<ModelSpec> ask_hub(Http& http, const ModelSpec& model) {
  const std::string url = text(hub_endpoint(), "/api/models/", model.repository, "/revision/",
                               model.revision, "?blobs=true");
  NPU_TRY_ASSIGN(const std::string document, http.get(url));
  try {
    auto filled = parse_answer(Json::parse(document), model);
    if (!filled) return Error{filled.error().code, text(url, ": ", filled.error().message)};
    return filled;
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kBadModel, text(url, ": ", error.what())};
  }
}

}  // namespace npu::models
