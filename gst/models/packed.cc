// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/packed.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "model/model_fingerprint.h"
#include "models/files.h"

namespace npu::models {

const char* packed_state(const PackedCacheEntry& entry) {
  if (entry.header.identity.path.empty()) return "unreadable";
  const auto now = model_fingerprint(entry.header.identity.path);
  return now && *now == entry.header.identity.state ? "current" : "outdated";
}

void print_packed_json(const std::vector<PackedCacheEntry>& entries) {
  using Json = nlohmann::ordered_json;
  Json out = Json::array();
  for (const PackedCacheEntry& entry : entries)
    out.push_back({{"file", entry.file.string()},
                   {"model", entry.header.identity.path},
                   {"kind", entry.header.kind},
                   {"size", entry.bytes},
                   {"state", packed_state(entry)}});
  // Paths need not be UTF-8.
  std::printf("%s\n", out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

void print_packed(const std::vector<PackedCacheEntry>& entries) {
  for (const PackedCacheEntry& entry : entries)
    std::printf("%9s  %-10s  %s\n%23s%s\n", size_text(entry.bytes).c_str(), packed_state(entry),
                entry.header.identity.path.c_str(), "", entry.file.c_str());
}

Result<void> list_packed(bool json) {
  NPU_TRY_ASSIGN(const std::vector<PackedCacheEntry> entries, list_packed_cache());
  if (json) {
    print_packed_json(entries);
    return {};
  }
  const std::string folder = packed_cache_folder().string();
  if (folder.empty()) {
    std::printf("nothing is kept: NPUWHISPER_CACHE is \"off\", or there is no home folder\n");
    return {};
  }
  if (entries.empty()) std::printf("nothing is kept in %s\n", folder.c_str());
  print_packed(entries);
  return {};
}

Result<void> clear_packed() {
  NPU_TRY_ASSIGN(const uint64_t freed, clear_packed_cache());
  std::printf("freed %s\n", size_text(freed).c_str());
  return {};
}

}  // namespace npu::models
