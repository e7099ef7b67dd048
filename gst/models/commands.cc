// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/commands.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "models/files.h"
#include "models/prepared.h"
#include "models/store.h"

namespace npu::models {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string name;
  std::string repository;
  std::string source;
  uint64_t size_bytes;  // 0: unknown
  std::string sums;     // "pinned", "recorded", "hub", "none"
  std::string state;
  std::string path;  // empty: absent
  std::optional<std::string> prepared;
};

uint64_t bytes_of(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return fs::file_size(path, error);
  uint64_t sum = 0;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code other;
    if (entry->is_regular_file(other)) sum += entry->file_size(other);
  }
  return sum;
}

Result<Row> make_row(const Catalogue& catalogue, const fs::path& folder, const std::string& name) {
  const ModelSpec* known = catalogue.find(name);
  Row row{name, "", "", 0, "none", "absent", "", std::nullopt};
  if (known) {
    row.repository = known->repository;
    row.source = known->source();
    row.size_bytes = known->size_bytes();
    row.sums = known->pinned() ? "pinned" : "hub";
  }
  const fs::path path = folder / name;
  std::error_code error;
  if (!fs::exists(path, error)) {
    const fs::path partial = folder / (name + ".partial");
    if (!fs::exists(partial, error)) return row;
    row.state = "partial";
    row.path = partial.string();
    return row;
  }
  NPU_TRY_ASSIGN(const std::optional<ModelSpec> spec, installed_spec(catalogue, path));
  row.path = path.string();
  row.prepared = prepared_state(row.path);
  row.state = !spec || looks_complete(path, *spec) ? "installed" : "incomplete";
  if (spec) row.repository = spec->repository;
  if (row.sums != "pinned") {
    row.sums = spec ? "recorded" : "none";
    row.size_bytes = bytes_of(path);
  }
  return row;
}

void print_table(const std::vector<Row>& rows) {
  size_t width = 4;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  const auto print = [&](const char* name, const char* size, const char* state, const char* sums,
                         const char* where) {
    std::printf("%-*s  %9s  %-10s  %-8s  %s\n", static_cast<int>(width), name, size, state, sums,
                where);
  };
  print("NAME", "SIZE", "STATE", "SUMS", "WHERE");
  for (const Row& row : rows) {
    print(row.name.c_str(), row.size_bytes ? size_text(row.size_bytes).c_str() : "-",
          row.state.c_str(), row.sums.c_str(),
          row.path.empty() ? row.source.c_str() : row.path.c_str());
  }
}

void print_json(const std::vector<Row>& rows) {
  using Json = nlohmann::ordered_json;
  Json out = Json::array();
  for (const Row& row : rows) {
    out.push_back({{"name", row.name},
                   {"repository", row.repository.empty() ? Json() : Json(row.repository)},
                   {"size", row.size_bytes ? Json(row.size_bytes) : Json()},
                   {"sums", row.sums},
                   {"state", row.state},
                   {"path", row.path.empty() ? Json() : Json(row.path)},
                   {"prepared", row.prepared ? Json(*row.prepared) : Json()}});
  }
  // Paths need not be UTF-8.
  std::printf("%s\n", out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

// Prints the outcome for one model. kBadModel if a file is wrong or missing.
Result<void> verify_one(const ModelSpec& spec, const fs::path& path, Progress& progress) {
  int faults = 0;
  for (const FileSpec& file : spec.files) {
    progress.begin(spec.name + "/" + file.name, file.size_bytes, 0);
    const auto checked =
        check_file(path / file.name, file, [&](uint64_t done) { progress.update(done); });
    progress.end();
    if (checked) continue;
    std::printf("%s: %s\n", spec.name.c_str(), checked.error().message.c_str());
    ++faults;
  }
  if (faults > 0) {
    return Error{ErrorCode::kBadModel, text(spec.name,
                                            " is damaged; repair it with: "
                                            "npuwhisper-models fetch ",
                                            spec.name)};
  }
  std::printf("%s: right (%zu %s, %s)\n", spec.name.c_str(), spec.files.size(),
              spec.files.size() == 1 ? "file" : "files", size_text(spec.size_bytes()).c_str());
  return {};
}

}  // namespace

Result<void> list(const Catalogue& catalogue, const fs::path& folder, bool json) {
  std::vector<std::string> names;
  for (const ModelSpec& model : catalogue.models()) names.push_back(model.name);
  for (const std::string& name : installed_names(folder)) {
    if (!catalogue.find(name)) names.push_back(name);
  }
  std::vector<Row> rows;
  for (const std::string& name : names) {
    NPU_TRY_ASSIGN(Row row, make_row(catalogue, folder, name));
    rows.push_back(std::move(row));
  }
  if (json) {
    print_json(rows);
    return {};
  }
  print_table(rows);
  return print_prepared_below();
}

Result<void> verify(const Catalogue& catalogue, const fs::path& folder,
                    const std::vector<std::string>& names, Progress& progress) {
  const bool all = names.empty();
  const std::vector<std::string> chosen = all ? installed_names(folder) : names;
  if (chosen.empty()) std::printf("no models in %s\n", folder.c_str());
  std::optional<Error> fault;
  for (const std::string& name : chosen) {
    const fs::path path = folder / name;
    std::error_code error;
    if (!is_plain_name(name) || !fs::exists(path, error)) {
      return Error{ErrorCode::kNotFound, text(name, " is not installed in ", folder.string())};
    }
    NPU_TRY_ASSIGN(std::optional<ModelSpec> spec, installed_spec(catalogue, path));
    if (!spec && !all) {
      return Error{ErrorCode::kUnsupported, text("no sums are known for ", path.string())};
    }
    if (!spec) {
      std::printf("%s: not checked, no sums are known for it\n", name.c_str());
      continue;
    }
    spec->name = name;
    const auto checked = verify_one(*spec, path, progress);
    if (!checked) fault = checked.error();
  }
  return fault ? Result<void>(*fault) : Result<void>();
}

}  // namespace npu::models
