// SPDX-License-Identifier: LGPL-2.1-or-later
#include "user_folder.h"

#include <cstdlib>

namespace npu {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::filesystem::path user_folder(const char* variable, const char* fallback) {
  std::filesystem::path base = environment(variable);
  // The specification says that a relative path must be ignored.
  if (!base.is_absolute()) {
    const std::string home = environment("HOME");
    if (home.empty()) return {};
    base = std::filesystem::path(home) / fallback;
  }
  return base / "npuwhisper";
}

}  // namespace npu
