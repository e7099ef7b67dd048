// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrupted Hugging Face folders are refused.
#include <nlohmann/json.hpp>

#include "corrupt.h"
#include "model/hugging_face_model.h"
#include "model/safetensors_file.h"

namespace npu {
namespace {

using nlohmann::json;
using testing::Corruption;
using testing::NamedTensor;
using testing::WrittenFile;

constexpr const char* kMatrix = "model.decoder.layers.0.fc1.weight";
constexpr const char* kVector = "model.encoder.conv1.bias";
constexpr const char* kTruncated = "before the end of the file";

const WrittenFile& good() {
  static const WrittenFile file = testing::write_safetensors(
      testing::hugging_face_tensors(testing::tiny_dims()), TensorType::kF16);
  return file;
}

// The text files of the folder all have the name that errors must give.
testing::Corruption files(std::string name, std::string fault,
                          std::function<void(HuggingFaceFiles&, WrittenFile&)> spoil) {
  return {
      std::move(name),
      [spoil] {
        HuggingFaceFiles files;
        files.config = {testing::kCorruptFile, testing::hugging_face_config(testing::tiny_dims())};
        WrittenFile weights = good();
        spoil(files, weights);
        weights.bytes.shrink_to_fit();  // reads beyond the end are seen
        files.shards.insert(files.shards.begin(), {testing::kCorruptFile, weights.bytes});
        return testing::read_everything(read_hugging_face_model(files));
      },
      std::move(fault)};
}

Corruption weights(std::string name, std::string fault, std::function<void(WrittenFile&)> spoil) {
  return files(std::move(name), std::move(fault),
               [spoil](HuggingFaceFiles&, WrittenFile& file) { spoil(file); });
}

// Puts another header before the same data.
void replace_header(WrittenFile& file, const std::string& text) {
  const testing::Field old = file.field("header");
  const std::vector<std::byte> data(
      file.bytes.begin() + static_cast<ptrdiff_t>(old.offset + old.bytes), file.bytes.end());
  file = testing::write_safetensors(text, data);
}

std::string header_text(const WrittenFile& file) {
  const testing::Field field = file.field("header");
  return std::string(file.text().substr(field.offset, field.bytes));
}

Corruption header(std::string name, std::string fault, std::function<void(json&)> spoil) {
  return weights(std::move(name), std::move(fault), [spoil](WrittenFile& file) {
    json root = json::parse(header_text(file));
    spoil(root);
    replace_header(file, root.dump());
  });
}

// One key of one tensor.
Corruption entry(const std::string& key, const json& value, std::string fault = "expected") {
  return header(key + " is " + value.dump(), std::move(fault),
                [=](json& root) { root[kMatrix][key] = value; });
}

std::vector<Corruption> header_rows() {
  std::vector<Corruption> rows;
  for (const char* type : {"I64", "I8", "F64", "F8_E4M3", "BOOL", "f16", ""})
    rows.push_back(entry("dtype", type, "dtype: expected F32, F16 or BF16"));
  for (const json& type : {json(1), json(nullptr), json::array()})
    rows.push_back(entry("dtype", type, "expected a dtype"));
  rows.push_back(entry("dtype", "F32", "expected 65536 bytes, found 32768"));
  rows.push_back(entry("dtype", "BF16x", "dtype"));
  for (const char* shape :
       {"[256]", "[256, 64, 2]", "[255, 64]", "[256, 0]", "[]", "[-256, 64]", "[256.0, 64]",
        "[1, 1, 1, 256, 64]", "\"256, 64\"", "null", "64", "[4294967296, 4294967296]",
        "[9223372036854775807, 2]", "[18446744073709551615]", "[18446744073709551616, 1]"})
    rows.push_back(entry("shape", json::parse(shape)));
  rows.push_back(entry("shape", {64, 256}, "expected shape [256, 64], found [64, 256]"));
  rows.push_back(entry("shape", {16384}, "expected shape [256, 64], found [16384]"));
  for (const char* range : {"[0, 0]", "[10, 0]", "[0]", "[]", "[0, 1, 2]", "[-2, 32766]", "null",
                            "[0, 999999999999]", "[999999999, 999999999]", "7",
                            "[18446744073709551615, 1]", "[0.5, 1]", "[\"0\", \"32768\"]"})
    rows.push_back(entry("data_offsets", json::parse(range)));
  // The right length, over another tensor.
  rows.push_back(entry("data_offsets", {0, 32768}, "found"));
  for (const char* key : {"dtype", "shape", "data_offsets"})
    rows.push_back(header(std::string("without ") + key, kMatrix,
                          [key](json& root) { root[kMatrix].erase(key); }));
  for (const json& value : {json(nullptr), json(3), json::array(), json("x")})
    rows.push_back(header("tensor is " + value.dump(), "expected a JSON object",
                          [value](json& root) { root[kMatrix] = value; }));
  return rows;
}

std::vector<Corruption> tensor_rows() {
  std::vector<Corruption> rows;
  for (const NamedTensor& tensor : testing::hugging_face_tensors(testing::tiny_dims())) {
    rows.push_back(
        header("without " + tensor.name, "found", [=](json& root) { root.erase(tensor.name); }));
    rows.push_back(
        header("renamed " + tensor.name, "expected a tensor " + tensor.name, [=](json& root) {
          root["x" + tensor.name] = root[tensor.name];
          root.erase(tensor.name);
        }));
  }
  const auto add = [](std::string name, std::string fault, const char* copied, std::string as,
                      size_t changed_byte) {
    return weights(std::move(name), std::move(fault), [=](WrittenFile& file) {
      std::vector<NamedTensor> tensors = testing::hugging_face_tensors(testing::tiny_dims());
      for (const NamedTensor& tensor : tensors)
        if (tensor.name == copied) {
          tensors.push_back(tensor);
          break;
        }
      tensors.back().name = as;
      file = testing::write_safetensors(tensors, TensorType::kF16);
      if (changed_byte) file.bytes[file.bytes.size() - changed_byte] ^= std::byte{1};
    });
  };
  rows.push_back(add("tensor of no use", "unexpected tensor model.encoder.conv3.bias", kVector,
                     "model.encoder.conv3.bias", 0));
  rows.push_back(add("bias of the keys", "unexpected tensor", kVector,
                     "model.encoder.layers.0.self_attn.k_proj.bias", 0));
  rows.push_back(add("another projection", "expected the same values",
                     "model.decoder.embed_tokens.weight", "proj_out.weight", 100));
  rows.push_back(add("projection of another shape", "expected the same values", kVector,
                     "proj_out.weight", 0));
  rows.push_back(add("tensor twice", "occurs twice", kVector, kVector, 0));
  for (const uint16_t bits : {uint16_t{0x7e00}, uint16_t{0x7c00}, uint16_t{0xfc00}})
    for (const char* tensor : {kMatrix, kVector})
      rows.push_back(weights(std::string("not finite in ") + tensor,
                             "element 7: expected a finite number",
                             [=](WrittenFile& file) { file.set(tensor, bits, 14); }));
  return rows;
}

std::vector<Corruption> file_rows() {
  std::vector<Corruption> rows;
  const testing::Field field = good().field("header");
  for (const size_t size : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, field.offset + 1,
                            field.offset + field.bytes - 1})
    rows.push_back(weights("cut to " + std::to_string(size), kTruncated,
                           [=](WrittenFile& file) { file.bytes.resize(size); }));
  for (const NamedTensor& tensor : testing::hugging_face_tensors(testing::tiny_dims()))
    rows.push_back(weights("cut within " + tensor.name, "data_offsets", [=](WrittenFile& file) {
      const testing::Field data = file.field(tensor.name);
      file.bytes.resize(data.offset + data.bytes - 1);
    }));
  rows.push_back(weights("one byte more", "expected the end of the file",
                         [](WrittenFile& file) { file.bytes.push_back({}); }));
  for (const uint64_t length :
       {uint64_t{0}, uint64_t{1}, uint64_t{field.bytes - 1}, uint64_t{field.bytes + 1},
        uint64_t{1} << 25, uint64_t{1} << 63, UINT64_MAX})
    rows.push_back(weights("header length " + std::to_string(length), "header",
                           [=](WrittenFile& file) { file.set("header length", length); }));
  const std::pair<const char*, const char*> headers[] = {
      {"", "not valid JSON"},
      {"[]", "expected a JSON object"},
      {"null", "expected a JSON object"},
      {"{", "not valid JSON"},
      {"{}", "expected the end of the file"},
      {"{\"a\": }", "not valid JSON"},
      {"{\"a\": 1} x", "not valid JSON"},
      {"{\"\\ud800\": 1}", "not valid JSON"},
      {"{\"a\": {\"dtype\": \"F16\", \"dtype\": \"F16\"}}", "occurs twice"}};
  for (const auto& [text, fault] : headers)
    rows.push_back(weights(std::string("header ") + text, fault,
                           [text = text](WrittenFile& file) { replace_header(file, text); }));
  for (const char bracket : {'[', '{'})
    rows.push_back(
        weights("deep header", bracket == '[' ? "levels of nesting" : "not valid JSON",
                [=](WrittenFile& file) { replace_header(file, std::string(200000, bracket)); }));
  rows.push_back(weights("deep objects", "levels of nesting", [](WrittenFile& file) {
    std::string text;
    for (int i = 0; i < 50000; ++i) text += "{\"a\":";
    replace_header(file, text);
  }));
  return rows;
}

// A text in place of config.json.
Corruption config(std::string name, std::string fault, std::function<std::string()> text) {
  return files(std::move(name), std::move(fault),
               [=](HuggingFaceFiles& changed, WrittenFile&) { changed.config.content = text(); });
}

std::vector<Corruption> config_rows() {
  std::vector<Corruption> rows;
  const auto key = [](const std::string& name, const json& value, std::string fault) {
    return config(name + " is " + value.dump(), std::move(fault), [=] {
      json root = json::parse(testing::hugging_face_config(testing::tiny_dims()));
      if (value.is_null()) {
        root.erase(name);
      } else {
        root[name] = value;
      }
      return root.dump();
    });
  };
  for (const char* size : {"d_model", "num_mel_bins", "vocab_size", "encoder_layers",
                           "decoder_layers", "encoder_attention_heads", "encoder_ffn_dim"})
    for (const char* value : {"null", "0", "-1", "\"64\"", "1.5", "3", "4294967360", "1e99",
                              "18446744073709551615", "[64]"})
      rows.push_back(key(size, json::parse(value), "expected"));
  rows.push_back(key("decoder_attention_heads", 2, "expected 1, found 2"));
  rows.push_back(key("decoder_ffn_dim", 128, "expected 256, found 128"));
  rows.push_back(key("max_source_positions", 750, "expected 1500, found 750"));
  rows.push_back(key("max_target_positions", 449, "expected 448, found 449"));
  rows.push_back(key("activation_function", "relu", "expected \"gelu\", found \"relu\""));
  rows.push_back(key("scale_embedding", true, "expected false, found true"));
  rows.push_back(key("model_type", "bart", "expected \"whisper\", found \"bart\""));
  for (const char* text : {"", "{", "[1]", "null", "\"x\""})
    rows.push_back(config(std::string("config ") + text,
                          *text && *text != '{' ? "expected a JSON object" : "not valid JSON",
                          [text] { return std::string(text); }));
  rows.push_back(config("deep config", "levels of nesting", [] {
    return "{\"a\": " + std::string(100000, '[') + std::string(100000, ']') + "}";
  }));
  return rows;
}

std::vector<Corruption> folder_rows() {
  std::vector<Corruption> rows;
  const auto text_file = [](std::optional<TextFile> HuggingFaceFiles::*member, std::string content,
                            std::string fault) {
    const std::string name = content.substr(0, 60);
    return files(name, std::move(fault), [=](HuggingFaceFiles& changed, WrittenFile&) {
      changed.*member = TextFile{testing::kCorruptFile, content};
    });
  };
  constexpr auto kGeneration = &HuggingFaceFiles::generation;
  constexpr auto kPreprocessor = &HuggingFaceFiles::preprocessor;
  constexpr auto kIndex = &HuggingFaceFiles::index;
  rows.push_back(text_file(kGeneration, "{\"alignment_heads\": [[9, 0]]}", "expected a layer"));
  rows.push_back(text_file(kGeneration, "{\"alignment_heads\": {}}", "expected a list"));
  rows.push_back(text_file(kGeneration, "[]", "expected a JSON object"));
  rows.push_back(text_file(kGeneration, "", "not valid JSON"));
  rows.push_back(text_file(kPreprocessor, "{\"feature_size\": 128}", "expected 80"));
  rows.push_back(text_file(kPreprocessor, "{\"feature_size\": \"80\"}", "expected an integer"));
  rows.push_back(text_file(kPreprocessor, "[]", "expected a JSON object"));
  rows.push_back(text_file(kIndex, "{}", "weight_map: expected an object"));
  rows.push_back(text_file(kIndex, "[]", "weight_map: expected an object"));
  rows.push_back(text_file(kIndex, "{\"weight_map\": []}", "weight_map: expected an object"));
  rows.push_back(text_file(kIndex, "{\"weight_map\": {\"a\": 1}}", "expected a file name"));
  for (const char* path :
       {"../x.safetensors", "/etc/passwd", "a/b.safetensors", "x.bin", "", "x\\u0000.safetensors"})
    rows.push_back(text_file(kIndex, std::string("{\"weight_map\": {\"a\": \"") + path + "\"}}",
                             "expected the name of a .safetensors file"));
  rows.push_back(text_file(kIndex, "{\"weight_map\": {}}", "found no entry"));
  rows.push_back(
      files("tensor in another shard", "where it is", [](HuggingFaceFiles& changed, WrittenFile&) {
        json map;
        for (const NamedTensor& tensor : testing::hugging_face_tensors(testing::tiny_dims()))
          map[tensor.name] = "x.safetensors";
        changed.index = TextFile{testing::kCorruptFile, json{{"weight_map", map}}.dump()};
      }));
  rows.push_back(files("shard twice", "is also in", [](HuggingFaceFiles& changed, WrittenFile&) {
    changed.shards.push_back({testing::kCorruptFile, good().bytes});
  }));
  return rows;
}

class CorruptHuggingFace : public ::testing::TestWithParam<Corruption> {};

TEST_P(CorruptHuggingFace, IsRefused) {
  testing::expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Header, CorruptHuggingFace, ::testing::ValuesIn(header_rows()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Tensors, CorruptHuggingFace, ::testing::ValuesIn(tensor_rows()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(File, CorruptHuggingFace, ::testing::ValuesIn(file_rows()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Config, CorruptHuggingFace, ::testing::ValuesIn(config_rows()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Folder, CorruptHuggingFace, ::testing::ValuesIn(folder_rows()),
                         testing::row_name);

// The tables above break these files: unbroken, they are accepted.
TEST(UnbrokenHuggingFace, IsAccepted) {
  HuggingFaceFiles files;
  files.config = {testing::kCorruptFile, testing::hugging_face_config(testing::tiny_dims())};
  files.shards = {{testing::kCorruptFile, good().bytes}};
  const Result<void> opened = testing::read_everything(read_hugging_face_model(files));
  EXPECT_TRUE(opened) << opened.error().message;
}

}  // namespace
}  // namespace npu
