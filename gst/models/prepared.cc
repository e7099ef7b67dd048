// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/prepared.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "device/packed_cache.h"
#include "model/model.h"
#include "model/model_fingerprint.h"
#include "models/files.h"
#include "models/packed.h"
#include "quantised/network_file.h"

namespace npu::models {
namespace {

namespace fs = std::filesystem;

Result<std::vector<PackedCacheEntry>> all_prepared() {
  return list_packed_files(quantised::prepared_folder());
}

// Where the model is or, as it may be gone, would be.
std::string path_of(const std::string& name) {
  const auto found = resolve_model(name);
  const fs::path path = found                         ? fs::path(*found)
                        : name.find('/') != name.npos ? fs::path(name)
                                                      : fs::path(model_folder()) / name;
  std::error_code error;
  return fs::weakly_canonical(path, error).string();
}

}  // namespace

std::optional<std::string> prepared_state(const std::string& model_path) {
  const auto identity = weight_identity(model_path);
  std::error_code error;
  if (!identity) return std::nullopt;
  const auto entries = all_prepared();
  if (!entries) return std::nullopt;
  const fs::path file = quantised::prepared_file(*identity);
  for (const PackedCacheEntry& entry : *entries)
    if (entry.file == file) return packed_state(entry);
  return std::nullopt;
}

Result<void> list_prepared(bool json) {
  NPU_TRY_ASSIGN(const std::vector<PackedCacheEntry> entries, all_prepared());
  if (json) {
    print_packed_json(entries);
    return {};
  }
  if (entries.empty())
    std::printf("nothing is prepared in %s\n", quantised::prepared_folder().c_str());
  print_packed(entries);
  return {};
}

Result<void> print_prepared_below() {
  NPU_TRY_ASSIGN(const std::vector<PackedCacheEntry> entries, all_prepared());
  if (entries.empty()) return {};
  std::printf("\nprepared for the NPU's arithmetic:\n");
  print_packed(entries);
  return {};
}

Result<void> clear_prepared(const std::vector<std::string>& names) {
  NPU_TRY_ASSIGN(const std::vector<PackedCacheEntry> entries, all_prepared());
  std::vector<PackedCacheEntry> chosen;
  if (names.empty()) chosen = entries;
  for (const std::string& name : names) {
    const std::string path = path_of(name);
    const size_t before = chosen.size();
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(chosen),
                 [&](const auto& entry) { return entry.header.identity.path == path; });
    if (chosen.size() == before)
      return Error{ErrorCode::kNotFound, text(name,
                                              ": not prepared; npuwhisper-models prepared "
                                              "shows what is")};
  }
  NPU_TRY_ASSIGN(const uint64_t freed, remove_packed_files(chosen));
  std::printf("freed %s\n", size_text(freed).c_str());
  return {};
}

}  // namespace npu::models
