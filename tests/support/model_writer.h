// SPDX-License-Identifier: LGPL-2.1-or-later
// Small, valid Whisper models in every file format, for tests to open and to break.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "byte_writer.h"
#include "model/dims.h"
#include "model/tensor_type.h"
#include "tensor.h"

namespace npu::testing {

// The smallest sizes that the formats allow: 64 columns, one layer each, English vocabulary.
ModelDims tiny_dims();

struct NamedTensor {
  std::string name;
  Shape shape;
  std::vector<float> values;
};

// Canonical tensors by canonical name. All values are multiples of 1/64 between -1 and 1, exact in
// every float type, different from tensor to tensor.
std::map<std::string, NamedTensor> tiny_tensors(const ModelDims& dims);

// Bytes of text token `id` of the written vocabularies: the 256 bytes, then made-up words; entry
// 50256 is empty.
std::string tiny_token(int id);
int tiny_token_count(const ModelDims& dims);

// f32, f16 or bf16 bytes of the values.
std::vector<std::byte> encode(TensorType type, const std::vector<float>& values);

// ggml: `type` of the matrices; f32, f16 or q8_0 (each block: d = 1/64).
// Fields: "magic", "vocabulary", ..., "token 0 length" (and of every 10,000th),
// "encoder.conv1.weight rank", "... data".
WrittenFile write_ggml(const ModelDims& dims, TensorType type);

// Tensors under CTranslate2's names, Q, K, V fused; scalars have rank 0 and an integer type.
struct CTranslate2Tensor {
  std::string name;
  Shape shape;
  TensorType type;
  std::vector<std::byte> data;
};
struct CTranslate2Content {
  uint32_t version = 6;
  std::string spec = "WhisperSpec";
  uint32_t revision = 3;
  std::vector<CTranslate2Tensor> tensors;
  std::vector<std::pair<std::string, std::string>> aliases;

  CTranslate2Tensor& at(std::string_view name);
  void erase(std::string_view name);
};
// `type`: f32, f16, bf16, or int8 or int16 with f32 for what is not a matrix.
CTranslate2Content ctranslate2_content(const ModelDims& dims, TensorType type);
// Fields: "version", "spec length", ..., "NAME rank", "NAME data", "alias 0", ...
WrittenFile write_ctranslate2(const CTranslate2Content& content);

// A safetensors file of the given tensors, all of one type. Fields: "header length", "header",
// then one per tensor.
WrittenFile write_safetensors(const std::vector<NamedTensor>& tensors, TensorType type);
// The same with a header and data of the test's own making.
WrittenFile write_safetensors(std::string_view header, std::span<const std::byte> data);
// The tensors under Hugging Face's names.
std::vector<NamedTensor> hugging_face_tensors(const ModelDims& dims);
std::string hugging_face_config(const ModelDims& dims);
// tokenizer.json and vocabulary.json, with the strings GPT-2's map makes of the tokens.
std::string tokenizer_json(const ModelDims& dims);
std::string vocabulary_json(const ModelDims& dims);

void write_file(const std::filesystem::path& path, std::string_view content);

// A folder of its own below the system's temporary one, removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace npu::testing
