// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the user's files are, by the XDG base directory specification.
#pragma once

#include <filesystem>
#include <string>

namespace npu {

// The value of an environment variable, "" if it is not set.
std::string environment(const char* name);

// npuwhisper's folder of a kind: below `variable` ("XDG_DATA_HOME") if that is an absolute path,
// else below `fallback` (".local/share") in the home folder. Empty: there is no home.
std::filesystem::path user_folder(const char* variable, const char* fallback);

}  // namespace npu
