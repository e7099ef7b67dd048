// SPDX-License-Identifier: LGPL-2.1-or-later
// Where tests find their data. Paths come from the build (meson.build sets the environment).
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace npu::testing {

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// tests/data: small, in the repository.
inline std::filesystem::path data_folder() {
  return environment("NPUWHISPER_TEST_DATA");
}

// The full corpus (-Dcorpus=PATH) with speech/, golden/, models/; empty if none was given.
inline std::filesystem::path corpus_folder() {
  return environment("NPUWHISPER_TEST_CORPUS");
}

// Whisper base, f16, CTranslate2 directory (-Dmodel=PATH, or the fetched one); empty if there is
// none.
inline std::filesystem::path base_model() {
  std::filesystem::path path = environment("NPUWHISPER_TEST_MODEL");
  if (path.empty()) {
    std::string data = environment("XDG_DATA_HOME");
    if (data.empty()) data = environment("HOME") + "/.local/share";
    path = std::filesystem::path(data) / "npuwhisper" / "models" / "base";
  }
  return std::filesystem::exists(path / "model.bin") ? path : std::filesystem::path();
}

// The properties of npuwhisper with which real files are heard: NPUWHISPER_TEST_PROPERTIES, where
// tests name another model and device, else Whisper base; empty if that is not there.
inline std::string whisper_properties() {
  const std::string properties = environment("NPUWHISPER_TEST_PROPERTIES");
  if (!properties.empty()) return properties;
  const std::filesystem::path base = base_model();
  return base.empty() ? "" : "model=\"" + base.string() + "\"";
}

}  // namespace npu::testing
