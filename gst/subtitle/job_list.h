// SPDX-License-Identifier: LGPL-2.1-or-later
// What is to be done: the media of the command line, with the files that each gives.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "subtitle/command_line.h"
#include "subtitle/failure.h"
#include "subtitle/output_plan.h"

namespace npu::subtitle {

struct Job {
  std::filesystem::path input;
  std::vector<PlannedOutput> outputs;
  std::optional<Failure> failure;  // known before the work begins
};

// One job per file, in the order of the command line; the media of a folder are in the order of
// their names. A folder that is not there, holds no media or cannot be read, and a file whose
// output an earlier one gives, are jobs with a failure.
std::vector<Job> list_jobs(const CommandLine& options);

}  // namespace npu::subtitle
