// SPDX-License-Identifier: LGPL-2.1-or-later
// The `list` and `verify` commands.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/catalogue.h"
#include "models/progress.h"
#include "result.h"

namespace npu::models {

// Prints what can be fetched and what is installed, as a table or as a JSON array of objects with
// name, repository, size (bytes; null if unknown), sums ("pinned"; "recorded": when it was fetched;
// "hub": asked for when it is; "none"), state ("installed", "incomplete", "partial", "absent"),
// path and prepared (packed_state(); null: it is not). Below the table come the models that are
// prepared for the NPU's arithmetic, if there are any. Sums are not computed. Errors: kIo,
// kBadModel (a broken record).
Result<void> list(const Catalogue& catalogue, const std::filesystem::path& folder, bool json);

// Checks sizes and sums of the named models, of all installed ones if there are no names, and
// prints a line for each, and for each fault. Errors: kNotFound (a named one is not installed),
// kBadModel (some file is not what it must be), kUnsupported (a named one has no known sums), kIo.
Result<void> verify(const Catalogue& catalogue, const std::filesystem::path& folder,
                    const std::vector<std::string>& names, Progress& progress);

}  // namespace npu::models
