// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/packed_cache.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "device/packed_file.h"
#include "user_folder.h"

namespace npu {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".packed";

// FNV-1a, 64 bits (Fowler, Noll, Vo): tells apart models of the same name.
uint64_t hash(std::string_view path) {
  uint64_t value = 0xcbf29ce484222325;
  for (const char c : path) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}

// Also what an interrupted writer left, which goes on behind the ending.
bool is_ours(const fs::path& file) {
  return file.filename().string().find(kEnding) != std::string::npos;
}

PackedHeader header_of(const fs::path& file) {
  const auto opened = PackedFile::open(file);
  return opened ? read_packed_header(opened->header()) : PackedHeader();
}

}  // namespace

std::string write_packed_header(const PackedHeader& header) {
  return nlohmann::json{{"path", header.identity.path},
                        {"state", header.identity.state},
                        {"kind", header.kind},
                        {"contents", header.contents}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

PackedHeader read_packed_header(const std::string& written) {
  const auto document = nlohmann::json::parse(written, nullptr, /*allow_exceptions=*/false);
  const auto field = [&](const char* name) -> std::string {
    if (!document.is_object() || !document.contains(name) || !document[name].is_string()) return {};
    return document[name].get<std::string>();
  };
  return {{field("path"), field("state")}, field("kind"), field("contents")};
}

fs::path packed_cache_folder() {
  if (const std::string folder = environment("NPUWHISPER_CACHE"); !folder.empty())
    return folder == "off" ? fs::path() : fs::path(folder);
  return user_folder("XDG_CACHE_HOME", ".cache");
}

fs::path packed_cache_file(const WeightIdentity& identity, std::string_view kind) {
  return packed_file_in(packed_cache_folder(), identity, kind);
}

fs::path packed_file_in(const fs::path& folder, const WeightIdentity& identity,
                        std::string_view kind) {
  if (folder.empty() || identity.path.empty()) return {};
  char number[17];
  std::snprintf(number, sizeof number, "%016llx",
                static_cast<unsigned long long>(hash(identity.path)));
  return folder /
         text(fs::path(identity.path).filename().string(), '-', number, '-', kind, kEnding);
}

Result<std::vector<PackedCacheEntry>> list_packed_files(const fs::path& folder) {
  std::vector<PackedCacheEntry> entries;
  std::error_code error;
  if (folder.empty() || !fs::exists(folder, error)) return entries;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (!is_ours(entry->path())) continue;
    std::error_code ignored;
    entries.push_back({entry->path(), header_of(entry->path()), entry->file_size(ignored)});
  }
  if (error)
    return Error{ErrorCode::kIo, text(folder.string(), ": cannot list: ", error.message())};
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.file < b.file; });
  return entries;
}

Result<std::vector<PackedCacheEntry>> list_packed_cache() {
  return list_packed_files(packed_cache_folder());
}

Result<uint64_t> remove_packed_files(const std::vector<PackedCacheEntry>& entries) {
  uint64_t freed = 0;
  for (const PackedCacheEntry& entry : entries) {
    std::error_code error;
    fs::remove(entry.file, error);
    if (error)
      return Error{ErrorCode::kIo, text(entry.file.string(), ": cannot remove: ", error.message())};
    freed += entry.bytes;
  }
  return freed;
}

Result<uint64_t> clear_packed_cache() {
  NPU_TRY_ASSIGN(const std::vector<PackedCacheEntry> entries, list_packed_cache());
  return remove_packed_files(entries);
}

}  // namespace npu
