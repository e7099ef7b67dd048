// SPDX-License-Identifier: LGPL-2.1-or-later
// All files of a run, several at once if that was asked for.
#pragma once

#include "subtitle/command_line.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

// Works on everything that `options` name, and reports on standard error. Returns the code of the
// first failure in time; the other files are still worked on, unless they would fail in the same
// way (a missing model, an impossible value) or a signal came. GStreamer is initialised.
ExitCode run_files(const CommandLine& options);

}  // namespace npu::subtitle
