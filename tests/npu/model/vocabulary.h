// SPDX-License-Identifier: LGPL-2.1-or-later
// Vocabularies for tests, out of the model files that are there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus.h"
#include "model/model_file.h"

namespace npu::testing {

// Every model file and folder of the corpus, and the base model. None without them.
inline std::vector<std::filesystem::path> model_paths() {
  std::vector<std::filesystem::path> paths;
  if (const auto base = base_model(); !base.empty()) paths.push_back(base);
  const auto models = corpus_folder() / "models";
  for (const auto& folder : {models, models / "random"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".bin" || exists(entry.path() / "config.json")) {
        paths.push_back(entry.path());
      }
    }
  }
  return paths;
}

// Text tokens for a vocabulary of that size (51864, 51865, 51866), of which the last two have the
// same; empty if there is no model with them.
inline TokenBytes find_tokens(int vocabulary) {
  for (const auto& path : model_paths()) {
    const auto file = open_model_file(path.string());
    if (!file || (*file)->dims().multilingual() != (vocabulary >= 51865)) continue;
    return (*file)->take_tokens();
  }
  return {};
}

}  // namespace npu::testing
