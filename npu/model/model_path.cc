// SPDX-License-Identifier: LGPL-2.1-or-later
// Where models are kept, and how a name becomes a path.
#include <filesystem>

#include "model/model.h"
#include "user_folder.h"

namespace npu {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string model_folder() {
  if (const std::string folder = environment("NPUWHISPER_MODELS"); !folder.empty()) return folder;
  const fs::path data = user_folder("XDG_DATA_HOME", ".local/share");
  return data.empty() ? "" : (data / "models").string();
}

Result<std::string> resolve_model(const std::string& model) {
  if (model.empty())
    return Error{ErrorCode::kNotFound,
                 "no model given: expected a path or a name such as \"base\""};
  std::error_code error;
  if (fs::exists(model, error)) return model;
  if (model.find('/') != std::string::npos)
    return Error{ErrorCode::kNotFound, text(model, ": no such file or folder")};
  const std::string path = (fs::path(model_folder()) / model).string();
  if (fs::exists(path, error)) return path;
  return Error{ErrorCode::kNotFound, text("model \"", model, "\" not found: expected it at ", path,
                                          "; fetch it with: npuwhisper-models fetch ", model)};
}

}  // namespace npu
