// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper in a Hugging Face directory: config.json and safetensors, in one file or in shards.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/mapped_file.h"
#include "model/model_contents.h"
#include "result.h"

namespace npu {

// A text file that was read.
struct TextFile {
  std::string name;
  std::string content;
};

// What such a directory holds, apart from the vocabulary. Borrowed bytes.
struct HuggingFaceFiles {
  TextFile config;                       // config.json
  std::optional<TextFile> generation;    // generation_config.json
  std::optional<TextFile> preprocessor;  // preprocessor_config.json
  std::optional<TextFile> index;         // model.safetensors.index.json, if sharded
  std::vector<FileBytes> shards;         // model.safetensors, or the shards of the index in order
};

// The shards that the index names, sorted, each once; plain file names. Errors: kBadModel.
Result<std::vector<std::string>> shard_names(const TextFile& index);

// Sizes and tensors. Errors: kBadModel, kUnsupported.
Result<ModelContents> read_hugging_face_model(const HuggingFaceFiles& files);

}  // namespace npu
