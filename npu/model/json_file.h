// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON of model folders, with bounded size and depth; no exception leaves.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "result.h"

namespace npu {

// Files larger than this are not read: the largest real one, large-v3's tokenizer.json, has 2.7 MB.
inline constexpr size_t kJsonLimitBytes = size_t{64} << 20;
inline constexpr int kJsonLimitDepth = 32;

// Parses `content`; errors name `file`. Refused with kBadModel: more than `limit_bytes`, nesting
// deeper than kJsonLimitDepth, a syntax error, a key that occurs twice in one object.
Result<nlohmann::json> parse_json(const std::string& file, std::string_view content,
                                  size_t limit_bytes = kJsonLimitBytes);

// Reads and parses the file at `path`. Errors: also kNotFound and kIo.
Result<nlohmann::json> read_json_file(const std::string& path);

// `object[key]` as an integer in low..high. `object` must be a JSON object or the error says so.
Result<int64_t> json_integer(const std::string& file, const nlohmann::json& object,
                             const std::string& key, int64_t low, int64_t high);

// `json` as a short text for messages.
std::string json_excerpt(const nlohmann::json& json);

}  // namespace npu
