// SPDX-License-Identifier: LGPL-2.1-or-later
// The `cache` command: what devices keep of models that they have packed; how packed files are
// shown.
#pragma once

#include <vector>

#include "device/packed_cache.h"
#include "result.h"

namespace npu::models {

// "current"; "outdated": the model has changed since, or is gone; "unreadable".
const char* packed_state(const PackedCacheEntry& entry);

// A JSON array of objects with file, model (path), kind, size (bytes) and state.
void print_packed_json(const std::vector<PackedCacheEntry>& entries);
// Two lines for each: size, state, model; file.
void print_packed(const std::vector<PackedCacheEntry>& entries);

// Prints what is kept, as lines or as JSON. Errors: kIo.
Result<void> list_packed(bool json);

// Removes all of it, and prints how much that was. Errors: kIo.
Result<void> clear_packed();

}  // namespace npu::models
