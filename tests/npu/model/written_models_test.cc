// SPDX-License-Identifier: LGPL-2.1-or-later
// Every format, element type and version gives the values that were written.
#include <gtest/gtest.h>

#include "model/model_file.h"
#include "model/weights.h"
#include "model_writer.h"

namespace npu {
namespace {

using testing::TemporaryFolder;
using testing::WrittenFile;

// Reads all tensors and compares them, exactly, with tiny_tensors().
void expect_written_values(ModelFile& file, const ModelDims& dims) {
  EXPECT_EQ(file.dims(), dims);
  for (const auto& [name, tensor] : testing::tiny_tensors(dims)) {
    std::vector<float> values(tensor.values.size());
    const Result<void> read = file.read({name, tensor.shape}, values);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(values, tensor.values) << name;
  }
}

void expect_written_tokens(const TokenBytes& tokens, const ModelDims& dims) {
  ASSERT_EQ(tokens.size(), static_cast<size_t>(testing::tiny_token_count(dims)));
  for (size_t id = 0; id < tokens.size(); ++id)
    ASSERT_EQ(tokens[id], testing::tiny_token(static_cast<int>(id))) << id;
}

std::unique_ptr<ModelFile> open(const std::filesystem::path& path) {
  auto file = open_model_file(path.string());
  EXPECT_TRUE(file) << file.error().message;
  return file ? *std::move(file) : nullptr;
}

ModelDims multilingual_dims() {
  ModelDims dims = testing::tiny_dims();
  dims.vocabulary = 51866;
  dims.mel_bands = 128;
  dims.encoder_layers = 3;
  dims.decoder_layers = 2;
  return dims;
}

class GgmlTypes : public ::testing::TestWithParam<TensorType> {};

TEST_P(GgmlTypes, GiveTheWrittenValues) {
  const TemporaryFolder folder;
  for (const ModelDims& dims : {testing::tiny_dims(), multilingual_dims()}) {
    const auto path = folder.path() / "model.bin";
    testing::write_file(path, testing::write_ggml(dims, GetParam()).text());
    const auto file = open(path);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->format(), "ggml " + std::string(type_name(GetParam())));
    expect_written_values(*file, dims);
    expect_written_tokens(file->take_tokens(), dims);
    ASSERT_TRUE(file->mel_filters());
    EXPECT_EQ(file->mel_filters()->size(), static_cast<size_t>(dims.mel_bands) * 201);
  }
}

INSTANTIATE_TEST_SUITE_P(Written, GgmlTypes,
                         ::testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kQ8_0),
                         [](const auto& row) { return std::string(type_name(row.param)); });

struct CTranslate2Case {
  const char* name;
  TensorType type;
  uint32_t version;
};

class CTranslate2Types : public ::testing::TestWithParam<CTranslate2Case> {};

TEST_P(CTranslate2Types, GiveTheWrittenValues) {
  const TemporaryFolder folder;
  const ModelDims dims = multilingual_dims();
  testing::CTranslate2Content content = testing::ctranslate2_content(dims, GetParam().type);
  content.version = GetParam().version;
  testing::write_file(folder.path() / "model.bin", testing::write_ctranslate2(content).text());
  testing::write_file(folder.path() / "config.json", R"({"alignment_heads": [[1, 0], [0, 0]]})");
  testing::write_file(folder.path() / "vocabulary.json", testing::vocabulary_json(dims));
  const auto file = open(folder.path());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->format(), "CTranslate2 " + std::string(type_name(GetParam().type)));
  expect_written_values(*file, dims);
  expect_written_tokens(file->take_tokens(), dims);
  ASSERT_TRUE(file->alignment_heads());
  EXPECT_EQ(*file->alignment_heads(), (AlignmentHeads{{0, 0}, {1, 0}}));
}

INSTANTIATE_TEST_SUITE_P(Written, CTranslate2Types,
                         ::testing::Values(CTranslate2Case{"f32", TensorType::kF32, 6},
                                           CTranslate2Case{"f16", TensorType::kF16, 6},
                                           CTranslate2Case{"bf16", TensorType::kBF16, 6},
                                           CTranslate2Case{"int8", TensorType::kI8, 6},
                                           CTranslate2Case{"int16", TensorType::kI16, 6},
                                           CTranslate2Case{"int8_version4", TensorType::kI8, 4},
                                           CTranslate2Case{"int8_version3", TensorType::kI8, 3},
                                           CTranslate2Case{"int16_version2", TensorType::kI16, 2},
                                           CTranslate2Case{"f32_version2", TensorType::kF32, 2}),
                         [](const auto& row) { return row.param.name; });

TEST(CTranslate2, ReadsATensorThroughItsAlias) {
  const TemporaryFolder folder;
  const ModelDims dims = testing::tiny_dims();
  testing::CTranslate2Content content = testing::ctranslate2_content(dims, TensorType::kI8);
  // The writer stores equal tensors once, whatever they are.
  content.erase("decoder/layer_0/attention/linear_2/weight");
  content.erase("decoder/layer_0/attention/linear_2/weight_scale");
  content.aliases.emplace_back("decoder/layer_0/attention/linear_2/weight",
                               "encoder/layer_0/self_attention/linear_1/weight");
  testing::write_file(folder.path() / "model.bin", testing::write_ctranslate2(content).text());
  const auto file = open(folder.path());
  ASSERT_TRUE(file);
  std::vector<float> values(64 * 64);
  ASSERT_TRUE(file->read({"decoder.blocks.0.cross_attn.out.weight", {64, 64}}, values));
  EXPECT_EQ(values, testing::tiny_tensors(dims).at("encoder.blocks.0.attn.out.weight").values);
}

class HuggingFaceTypes : public ::testing::TestWithParam<TensorType> {};

TEST_P(HuggingFaceTypes, GiveTheWrittenValues) {
  const TemporaryFolder folder;
  const ModelDims dims = multilingual_dims();
  testing::write_file(
      folder.path() / "model.safetensors",
      testing::write_safetensors(testing::hugging_face_tensors(dims), GetParam()).text());
  testing::write_file(folder.path() / "config.json", testing::hugging_face_config(dims));
  testing::write_file(folder.path() / "generation_config.json", R"({"alignment_heads": [[1, 0]]})");
  testing::write_file(folder.path() / "preprocessor_config.json", R"({"feature_size": 128})");
  testing::write_file(folder.path() / "tokenizer.json", testing::tokenizer_json(dims));
  const auto file = open(folder.path());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->format(), "Hugging Face " + std::string(type_name(GetParam())));
  expect_written_values(*file, dims);
  expect_written_tokens(file->take_tokens(), dims);
  ASSERT_TRUE(file->alignment_heads());
  EXPECT_EQ(*file->alignment_heads(), (AlignmentHeads{{1, 0}}));
}

INSTANTIATE_TEST_SUITE_P(Written, HuggingFaceTypes,
                         ::testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kBF16),
                         [](const auto& row) { return std::string(type_name(row.param)); });

TEST(HuggingFace, JoinsShards) {
  const TemporaryFolder folder;
  const ModelDims dims = testing::tiny_dims();
  const auto tensors = testing::hugging_face_tensors(dims);
  std::string map;
  for (size_t shard = 0; shard < 3; ++shard) {
    const std::string name = "model-0000" + std::to_string(shard + 1) + "-of-00003.safetensors";
    const size_t begin = tensors.size() * shard / 3;
    const size_t end = tensors.size() * (shard + 1) / 3;
    const std::vector<testing::NamedTensor> part(tensors.begin() + static_cast<ptrdiff_t>(begin),
                                                 tensors.begin() + static_cast<ptrdiff_t>(end));
    testing::write_file(folder.path() / name,
                        testing::write_safetensors(part, TensorType::kF16).text());
    for (const auto& tensor : part)
      map += (map.empty() ? "\"" : ", \"") + tensor.name + "\": \"" + name + "\"";
  }
  testing::write_file(folder.path() / "model.safetensors.index.json",
                      "{\"metadata\": {}, \"weight_map\": {" + map + "}}");
  testing::write_file(folder.path() / "config.json", testing::hugging_face_config(dims));
  const auto file = open(folder.path());
  ASSERT_TRUE(file);
  expect_written_values(*file, dims);
}

TEST(HuggingFace, AcceptsAProjectionEqualToTheEmbedding) {
  const TemporaryFolder folder;
  const ModelDims dims = testing::tiny_dims();
  auto tensors = testing::hugging_face_tensors(dims);
  testing::NamedTensor projection = tensors.front();
  for (const auto& tensor : tensors)
    if (tensor.name == "model.decoder.embed_tokens.weight") projection = tensor;
  projection.name = "proj_out.weight";
  tensors.push_back(projection);
  testing::write_file(folder.path() / "model.safetensors",
                      testing::write_safetensors(tensors, TensorType::kF16).text());
  testing::write_file(folder.path() / "config.json", testing::hugging_face_config(dims));
  const auto file = open(folder.path());
  ASSERT_TRUE(file);
  expect_written_values(*file, dims);
}

}  // namespace
}  // namespace npu
