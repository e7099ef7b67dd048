// SPDX-License-Identifier: LGPL-2.1-or-later
// Fuzzes safetensors files, and their header as the configuration files of a folder.
#include "fuzz.h"
#include "model/hugging_face_model.h"
#include "model/safetensors_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const npu::FileBytes file = npu::fuzz::input(data, size);
  const auto table = npu::parse_safetensors(file);
  if (npu::fuzz::accepted(table))
    for (const auto& [name, tensor] : *table) npu::fuzz::read(tensor);
  if (size < 8) return 0;
  const npu::TextFile text{"input", std::string(reinterpret_cast<const char*>(data) + 8, size - 8)};
  (void)npu::fuzz::accepted(npu::shard_names(text));
  npu::HuggingFaceFiles files;
  files.config = text;
  files.generation = text;
  files.preprocessor = text;
  files.shards = {file};
  (void)npu::fuzz::accepted(npu::read_hugging_face_model(files));
  return 0;
}
