// SPDX-License-Identifier: LGPL-2.1-or-later
// The container of CTranslate2's model.bin: named tensors and aliases. Knows no Whisper.
// Source of the layout: OpenNMT/CTranslate2:python/ctranslate2/specs/model_spec.py
// (_serialize), src/models/model.cc (Model::load).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/mapped_file.h"
#include "model/stored_tensor.h"
#include "result.h"

namespace npu {

// Every length, type and size is checked, names are unique, alias targets exist and are tensors.
struct CTranslate2File {
  std::string name;  // of the file
  uint32_t version = 0;
  std::string spec;  // "WhisperSpec"
  uint32_t revision = 0;
  std::map<std::string, StoredTensor> tensors;  // without scales
  std::map<std::string, std::string> aliases;   // alias -> tensor

  // The tensor of that name or alias; nullptr if there is none.
  const StoredTensor* find(const std::string& tensor) const;
  // The name under which find() finds it: the alias's target, else `tensor` itself.
  const std::string& resolve(const std::string& tensor) const;
};

// Reads versions 2 to 6. Errors: kBadModel; kUnsupported for other versions.
Result<CTranslate2File> parse_ctranslate2(const FileBytes& file);

}  // namespace npu
