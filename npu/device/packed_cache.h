// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder in which devices keep what they have packed, one file for each model and arithmetic,
// so that the next process starts sooner. Everything in it may be deleted at any time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.h"
#include "result.h"

namespace npu {

// $NPUWHISPER_CACHE, else $XDG_CACHE_HOME/npuwhisper, else ~/.cache/npuwhisper. Empty, and nothing
// is kept: NPUWHISPER_CACHE is "off", or there is no home.
std::filesystem::path packed_cache_folder();

// The file below `folder` for weights that were packed as `kind`. Empty if there is no folder or
// the weights have no identity.
std::filesystem::path packed_file_in(const std::filesystem::path& folder,
                                     const WeightIdentity& identity, std::string_view kind);

// The file for weights that were packed as `kind` ("cpu-int8-1": device, arithmetic, version of the
// layout). Empty if nothing is to be kept.
std::filesystem::path packed_cache_file(const WeightIdentity& identity, std::string_view kind);

// What the header of such a file says; `contents` is the device's own.
struct PackedHeader {
  WeightIdentity identity;
  std::string kind, contents;
};
std::string write_packed_header(const PackedHeader& header);
// Fields that are not there are empty.
PackedHeader read_packed_header(const std::string& written);

struct PackedCacheEntry {
  std::filesystem::path file;
  PackedHeader header;  // empty: cannot be read from the file
  uint64_t bytes;
};

// The packed files in a folder, by name. An absent folder holds nothing. Errors: kIo.
Result<std::vector<PackedCacheEntry>> list_packed_files(const std::filesystem::path& folder);

// What is kept. Errors: kIo.
Result<std::vector<PackedCacheEntry>> list_packed_cache();

// Removes these. Returns the bytes that were freed. Errors: kIo.
Result<uint64_t> remove_packed_files(const std::vector<PackedCacheEntry>& entries);

// Removes it, and what interrupted writers left. Returns the bytes that were freed. Errors: kIo.
Result<uint64_t> clear_packed_cache();

}  // namespace npu
