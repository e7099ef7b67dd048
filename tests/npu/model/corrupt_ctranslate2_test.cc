// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrupted CTranslate2 files are refused.
#include <cmath>
#include <cstring>

#include "corrupt.h"
#include "model/ctranslate2_model.h"

namespace npu {
namespace {

using testing::Corruption;
using testing::CTranslate2Content;
using testing::Field;
using testing::WrittenFile;

constexpr uint32_t kHuge = 0xffffffff;
constexpr const char* kTruncated = "before the end of the file";
constexpr const char* kScalar = "decoder/activation";  // the file's first tensor
constexpr const char* kMatrix = "decoder/layer_0/attention/linear_0/weight";
constexpr const char* kVector = "encoder/conv1/bias";
constexpr const char* kFused = "decoder/layer_0/self_attention/linear_0/bias";

const CTranslate2Content& good_content() {
  static const CTranslate2Content content =
      testing::ctranslate2_content(testing::tiny_dims(), TensorType::kI8);
  return content;
}

const WrittenFile& good() {
  static const WrittenFile file = testing::write_ctranslate2(good_content());
  return file;
}

// The bytes lie alone on the heap, so that reads beyond them are seen.
Result<void> open(WrittenFile file) {
  file.bytes.shrink_to_fit();
  return testing::read_everything(read_ctranslate2_model({testing::kCorruptFile, file.bytes}));
}

// Breaks the written bytes.
Corruption bytes(std::string name, std::string fault, std::function<void(WrittenFile&)> spoil) {
  return {std::move(name),
          [spoil] {
            WrittenFile file = good();
            spoil(file);
            return open(std::move(file));
          },
          std::move(fault)};
}

// Writes something else.
Corruption content(std::string name, std::string fault,
                   std::function<void(CTranslate2Content&)> spoil) {
  return {std::move(name),
          [spoil] {
            CTranslate2Content changed = good_content();
            spoil(changed);
            return open(testing::write_ctranslate2(changed));
          },
          std::move(fault)};
}

template <typename T>
Corruption set(const std::string& field, T value, std::string fault = "expected") {
  return bytes(field + " is " + std::to_string(value), std::move(fault),
               [=](WrittenFile& file) { file.set(field, value); });
}

std::vector<std::string> tensor_fields(const std::string& tensor, int rank) {
  std::vector<std::string> fields = {tensor + " name length", tensor + " name", tensor + " rank"};
  for (int axis = 0; axis < rank; ++axis)
    fields.push_back(tensor + " extent " + std::to_string(axis));
  for (const char* field : {" type", " size", " data"}) fields.push_back(tensor + field);
  return fields;
}

std::vector<Corruption> truncations() {
  std::vector<std::string> fields = {"version",         "spec length", "spec",           "revision",
                                     "tensor count",    "alias count", "alias 0 length", "alias 0",
                                     "target 0 length", "target 0"};
  for (const auto& [tensor, rank] :
       {std::pair{kScalar, 0}, {kMatrix, 2}, {kVector, 1}, {kFused, 1}})
    for (const std::string& field : tensor_fields(tensor, rank)) fields.push_back(field);
  std::vector<Corruption> rows;
  for (const std::string& name : fields) {
    const Field field = good().field(name);
    for (const size_t size : {field.offset, field.offset + field.bytes - 1})
      rows.push_back(bytes((size == field.offset ? "cut before " : "cut within ") + name,
                           kTruncated, [size](WrittenFile& file) { file.bytes.resize(size); }));
  }
  return rows;
}

std::vector<Corruption> numbers() {
  std::vector<Corruption> rows;
  for (const uint32_t version : {0u, 1u, 7u, kHuge})
    rows.push_back(set("version", version, "expected CTranslate2 version 2..6"));
  for (const uint32_t version : {2u, 3u}) rows.push_back(set("version", version));
  for (const uint32_t revision : {4u, kHuge})
    rows.push_back(set("revision", revision, "expected a revision of at most 3"));
  for (const uint16_t length : {0, 1, 11, 13, 65535}) rows.push_back(set("spec length", length));
  rows.push_back(set("spec", 'w', "expected a WhisperSpec, found \"whisperSpec\""));
  const auto count = static_cast<uint32_t>(good_content().tensors.size());
  for (const uint32_t value : {0u, 1u, count - 1, count + 1, kHuge})
    rows.push_back(set("tensor count", value));
  for (const uint32_t value : {0u, 2u, kHuge}) rows.push_back(set("alias count", value));
  for (const uint16_t length : {0, 1, 65535}) {
    rows.push_back(set("alias 0 length", length));
    rows.push_back(set("target 0 length", length));
  }
  for (const std::string tensor : {kScalar, kMatrix, kVector}) {
    for (const uint16_t length : {0, 1, 5, 65535})
      rows.push_back(set(tensor + " name length", length));
    for (const int rank : {3, 4, 5, 255})
      rows.push_back(set(tensor + " rank", static_cast<uint8_t>(rank)));
    for (const int type : {3, 6, 255})
      rows.push_back(set(tensor + " type", static_cast<uint8_t>(type)));
    for (const uint32_t size : {0u, 63u, 65u, kHuge}) rows.push_back(set(tensor + " size", size));
  }
  for (const std::string tensor : {kMatrix, kVector})
    for (const uint32_t extent : {0u, 1u, 63u, 65u, kHuge})
      rows.push_back(set(tensor + " extent 0", extent));
  rows.push_back(set(std::string(kMatrix) + " type", uint8_t{0}, "expected 16384 bytes"));
  rows.push_back(bytes("NUL within a name", "one NUL at its end", [](WrittenFile& file) {
    file.set(std::string(kMatrix) + " name", '\0', 3);
  }));
  rows.push_back(bytes("no NUL after a name", "one NUL at its end", [](WrittenFile& file) {
    file.set(std::string(kScalar) + " name", 'x', std::string_view(kScalar).size());
  }));
  for (const size_t zeros : {1u, 64u})
    rows.push_back(bytes("more at the end", "expected the end of the file",
                         [=](WrittenFile& file) { file.bytes.resize(file.bytes.size() + zeros); }));
  return rows;
}

void set_scalar(CTranslate2Content& content, std::string_view name, int16_t value) {
  std::memcpy(content.at(name).data.data(), &value, content.at(name).data.size());
}

Corruption scale(const std::string& name, float value) {
  return content("scale is " + name, "scale 5: expected a positive number",
                 [=](CTranslate2Content& changed) {
                   std::memcpy(changed.at(std::string(kMatrix) + "_scale").data.data() + 20, &value,
                               sizeof value);
                 });
}

std::vector<Corruption> structure() {
  std::vector<Corruption> rows;
  for (const testing::CTranslate2Tensor& tensor : good_content().tensors) {
    const bool optional = tensor.shape.rank() == 0 && !tensor.name.ends_with("num_heads");
    if (optional) continue;
    rows.push_back(content("without " + tensor.name, "expected", [=](CTranslate2Content& changed) {
      changed.erase(tensor.name);
      if (tensor.name == "decoder/embeddings/weight") changed.aliases.clear();
    }));
  }
  const auto copy = [](CTranslate2Content& changed, const char* from, const std::string& to) {
    changed.tensors.push_back(changed.at(from));
    changed.tensors.back().name = to;
  };
  rows.push_back(content("tensor twice", "is there twice",
                         [=](CTranslate2Content& changed) { copy(changed, kVector, kVector); }));
  rows.push_back(content("tensor of no use", "unexpected tensor", [=](CTranslate2Content& changed) {
    copy(changed, kVector, "encoder/conv3/bias");
  }));
  rows.push_back(content("scale of no use", "unexpected tensor", [=](CTranslate2Content& changed) {
    copy(changed, kVector, "encoder/conv1/bias_scale");
  }));
  rows.push_back(content(
      "renamed", "expected a tensor encoder/conv1/bias, found none",
      [](CTranslate2Content& changed) { changed.at(kVector).name = "encoder/conv1/Bias"; }));
  const std::pair<const char*, const char*> aliases[] = {
      {"decoder/x", "decoder/missing"},                             // no such target
      {"decoder/x", "decoder/projection/weight"},                   // a chain
      {kVector, "encoder/conv2/bias"},                              // also a tensor
      {"decoder/projection/weight", "decoder/embeddings/weight"}};  // twice
  for (const auto& alias : aliases)
    rows.push_back(
        content(std::string("alias ") + alias.first + " to " + alias.second, "alias ",
                [=](CTranslate2Content& changed) { changed.aliases.emplace_back(alias); }));
  return rows;
}

std::vector<Corruption> meaning() {
  std::vector<Corruption> rows;
  for (const int16_t heads : {int16_t{0}, int16_t{2}, int16_t{-1}, int16_t{32767}})
    rows.push_back(
        content("heads " + std::to_string(heads), "expected", [=](CTranslate2Content& changed) {
          set_scalar(changed, "encoder/num_heads", heads);
          set_scalar(changed, "decoder/num_heads", heads);
        }));
  rows.push_back(
      content("heads differ", "decoder/num_heads: expected 1 as in the encoder, found 2",
              [](CTranslate2Content& changed) { set_scalar(changed, "decoder/num_heads", 2); }));
  rows.push_back(
      content("ReLU", "decoder/activation: expected 3 as Whisper has it, found 0",
              [](CTranslate2Content& changed) { set_scalar(changed, "decoder/activation", 0); }));
  rows.push_back(content("post-norm", "decoder/pre_norm", [](CTranslate2Content& changed) {
    set_scalar(changed, "decoder/pre_norm", 0);
  }));
  rows.push_back(content(
      "scaled embeddings", "decoder/scale_embeddings",
      [](CTranslate2Content& changed) { set_scalar(changed, "decoder/scale_embeddings", 1); }));
  rows.push_back(content("another spec", "expected a WhisperSpec",
                         [](CTranslate2Content& changed) { changed.spec = "TransformerSpec"; }));
  const std::tuple<const char*, Shape> shapes[] = {
      {"encoder/conv1/weight", Shape{64, 81, 3}},
      {"encoder/conv1/weight", Shape{64, 80, 4}},
      {"encoder/conv1/weight", Shape{64, 240}},
      {"encoder/conv1/weight", Shape{65, 80, 3}},
      {kMatrix, Shape{64, 32}},
      {kMatrix, Shape{4096}},
      {kVector, Shape{32}},
      {kFused, Shape{191}},
      {kFused, Shape{64}},
      {"encoder/layer_norm/gamma", Shape{64, 1}},
      {"decoder/embeddings/weight", Shape{51863, 64}},
      {"decoder/embeddings/weight", Shape{51867, 64}},
      {"decoder/position_encodings/encodings", Shape{449, 64}},
      {"encoder/position_encodings/encodings", Shape{1499, 64}}};
  for (const auto& [name, shape] : shapes)
    rows.push_back(content(std::string(name) + text(" is ", shape), "expected",
                           [name = name, shape = shape](CTranslate2Content& changed) {
                             testing::CTranslate2Tensor& tensor = changed.at(name);
                             tensor.shape = shape;
                             tensor.data.resize(shape.elements() * block_bytes(tensor.type));
                           }));
  return rows;
}

std::vector<Corruption> values() {
  const float nan = std::nanf("");
  std::vector<Corruption> rows = {scale("zero", 0.0f), scale("negative", -1.0f), scale("NaN", nan),
                                  scale("infinite", HUGE_VALF)};
  for (const char* name : {kVector, kFused, "encoder/layer_norm/gamma"})
    rows.push_back(content(std::string("NaN in ") + name, "element 1: expected a finite number",
                           [=](CTranslate2Content& changed) {
                             std::memcpy(changed.at(name).data.data() + 4, &nan, 4);
                           }));
  rows.push_back(content("infinity", "found -inf", [](CTranslate2Content& changed) {
    const float infinity = -HUGE_VALF;
    std::memcpy(changed.at("encoder/position_encodings/encodings").data.data(), &infinity, 4);
  }));
  for (const auto& [name, at] : {std::pair{kFused, 64}, {kFused, 127}})
    rows.push_back(content("bias of the keys", "expected zeros in the part of the keys, found 1",
                           [name = name, at = at](CTranslate2Content& changed) {
                             const float one = 1;
                             std::memcpy(changed.at(name).data.data() + 4 * at, &one, 4);
                           }));
  rows.push_back(
      content("bias of the cross keys", "expected zeros", [](CTranslate2Content& changed) {
        const float one = 1;
        std::memcpy(changed.at("decoder/layer_0/attention/linear_1/bias").data.data(), &one, 4);
      }));
  rows.push_back(
      content("another projection", "expected the same values as in decoder/embeddings",
              [](CTranslate2Content& changed) {
                changed.aliases.clear();
                for (const char* part : {"weight", "weight_scale"}) {
                  changed.tensors.push_back(changed.at(std::string("decoder/embeddings/") + part));
                  changed.tensors.back().name = std::string("decoder/projection/") + part;
                }
                changed.at("decoder/projection/weight").data[7] ^= std::byte{1};
              }));
  for (const size_t count : {1u, 63u, 65u})
    rows.push_back(content("scales are " + std::to_string(count),
                           count == 1 ? "found none" : "expected",
                           [=](CTranslate2Content& changed) {
                             auto& scales = changed.at(std::string(kMatrix) + "_scale");
                             scales.shape = {count};
                             scales.data.resize(4 * count);
                             if (count == 1) changed.erase(scales.name);
                           }));
  rows.push_back(content("scales in f16", "[64] f16", [](CTranslate2Content& changed) {
    auto& scales = changed.at(std::string(kMatrix) + "_scale");
    scales.type = TensorType::kF16;
    scales.data.resize(128);
  }));
  rows.push_back(content("packed int32", "packed int32 (AWQ)", [](CTranslate2Content& changed) {
    auto& tensor = changed.at(kMatrix);
    tensor.type = TensorType::kI32;
    tensor.data.resize(tensor.data.size() * 4);
  }));
  return rows;
}

Corruption config(const std::string& json, std::string fault) {
  return {"config " + json.substr(0, 40),
          [json]() -> Result<void> {
            const auto heads =
                read_ctranslate2_config(testing::kCorruptFile, json, testing::tiny_dims());
            if (!heads) return heads.error();
            return {};
          },
          std::move(fault)};
}

std::vector<Corruption> configs() {
  const std::string pairs = "expected [layer, head]";
  return {
      config("", "not valid JSON"),
      config("[]", "expected a JSON object"),
      config("{\"alignment_heads\": [[0, 0]]", "not valid JSON"),
      config("{\"alignment_heads\": 3}", "expected a list"),
      config("{\"alignment_heads\": [3]}", pairs),
      config("{\"alignment_heads\": [[0]]}", pairs),
      config("{\"alignment_heads\": [[0, 0, 0]]}", pairs),
      config("{\"alignment_heads\": [[0, -1]]}", pairs),
      config("{\"alignment_heads\": [[0, 0.5]]}", pairs),
      config("{\"alignment_heads\": [[0, \"0\"]]}", pairs),
      config("{\"alignment_heads\": [[0, 99999999999999999999]]}", pairs),
      config("{\"alignment_heads\": [[1, 0]]}", "expected a layer below 1 and a head below 1"),
      config("{\"alignment_heads\": [[0, 1]]}", "expected a layer below 1 and a head below 1"),
      config("{\"alignment_heads\": [[0, 0], [0, 0]]}", "is listed twice"),
      config("{\"a\": 1, \"a\": 2}", "occurs twice"),
      config(std::string(100000, '['), "levels of nesting"),
      config("{\"a\": \"\xff\"}", "not valid JSON"),
      config("{\"a\": 1e999}", "not valid JSON"),
  };
}

class CorruptCTranslate2 : public ::testing::TestWithParam<Corruption> {};

TEST_P(CorruptCTranslate2, IsRefused) {
  testing::expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Truncated, CorruptCTranslate2, ::testing::ValuesIn(truncations()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Numbers, CorruptCTranslate2, ::testing::ValuesIn(numbers()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Structure, CorruptCTranslate2, ::testing::ValuesIn(structure()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Meaning, CorruptCTranslate2, ::testing::ValuesIn(meaning()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Values, CorruptCTranslate2, ::testing::ValuesIn(values()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Config, CorruptCTranslate2, ::testing::ValuesIn(configs()),
                         testing::row_name);

// The tables above break this file: unbroken, it is accepted.
TEST(UnbrokenCTranslate2, IsAccepted) {
  const Result<void> opened = open(good());
  EXPECT_TRUE(opened) << opened.error().message;
}

}  // namespace
}  // namespace npu
