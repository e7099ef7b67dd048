// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrupted ggml files are refused.
#include <array>
#include <climits>
#include <cmath>

#include "corrupt.h"
#include "half.h"
#include "model/ggml_model.h"

namespace npu {
namespace {

using testing::Corruption;
using testing::Field;
using testing::WrittenFile;
using Spoil = std::function<void(WrittenFile&)>;

constexpr const char* kTruncated = "before the end of the file";
constexpr const char* kMatrix = "decoder.blocks.0.attn.key.weight";  // the file's first tensor
constexpr const char* kVector = "encoder.conv1.bias";
constexpr const char* kLast = "encoder.positional_embedding";

const WrittenFile& good(TensorType type) {
  static const WrittenFile f16 = testing::write_ggml(testing::tiny_dims(), TensorType::kF16);
  static const WrittenFile q8_0 = testing::write_ggml(testing::tiny_dims(), TensorType::kQ8_0);
  return type == TensorType::kF16 ? f16 : q8_0;
}

// Parses a spoiled copy. Its bytes lie alone on the heap, so that reads beyond them are seen.
Corruption row(std::string name, std::string fault, Spoil spoil,
               TensorType type = TensorType::kF16) {
  return {std::move(name),
          [spoil, type] {
            WrittenFile file = good(type);
            spoil(file);
            file.bytes.shrink_to_fit();
            return testing::read_everything(read_ggml_model({testing::kCorruptFile, file.bytes}));
          },
          std::move(fault)};
}

// A number in place of a field.
Corruption set(const std::string& field, int value, std::string fault = "expected") {
  return row(field + " is " + std::to_string(value), std::move(fault),
             [=](WrittenFile& file) { file.set(field, value); });
}

int value_of(const std::string& field) {
  int value = 0;
  const WrittenFile& file = good(TensorType::kF16);
  std::memcpy(&value, file.bytes.data() + file.field(field).offset, sizeof value);
  return value;
}

std::vector<std::string> tensor_fields(const std::string& tensor, int rank) {
  std::vector<std::string> fields = {tensor + " rank", tensor + " name length", tensor + " type"};
  for (int axis = 0; axis < rank; ++axis)
    fields.push_back(tensor + " extent " + std::to_string(axis));
  fields.push_back(tensor + " name");
  fields.push_back(tensor + " data");
  return fields;
}

std::vector<std::string> header_fields() {
  return {"vocabulary",   "audio context", "audio width", "audio heads", "audio layers",
          "text context", "text width",    "text heads",  "text layers", "mel bands",
          "file type",    "filter bands",  "filter bins", "token count"};
}

std::vector<Corruption> truncations() {
  std::vector<std::string> fields = header_fields();
  for (const char* other : {"magic", "filters", "token 0 length", "token 0", "token 30000 length",
                            "token 30000", "token 50000"})
    fields.push_back(other);
  for (const auto& [tensor, rank] : {std::pair{kMatrix, 2}, {kVector, 2}, {kLast, 2}})
    for (const std::string& field : tensor_fields(tensor, rank)) fields.push_back(field);
  std::vector<Corruption> rows;
  for (const std::string& name : fields) {
    const Field field = good(TensorType::kF16).field(name);
    const auto cut = [](size_t size) {
      return [size](WrittenFile& file) { file.bytes.resize(size); };
    };
    // Between two records nothing is cut in two: a tensor is missing.
    const bool boundary = name.ends_with(" rank");
    rows.push_back(
        row("cut before " + name, boundary ? "found none" : kTruncated, cut(field.offset)));
    rows.push_back(row("cut within " + name, kTruncated, cut(field.offset + field.bytes - 1)));
  }
  return rows;
}

std::vector<Corruption> header_numbers() {
  std::vector<Corruption> rows;
  for (const std::string& field : header_fields())
    for (const int value : {-1, 0, value_of(field) + 1, INT_MAX, INT_MIN})
      if (value != value_of(field)) rows.push_back(set(field, value));
  for (const int value : {81, 51863, 51867, 128}) rows.push_back(set("mel bands", value));
  rows.push_back(set("text width", 128, "the text width: expected 64, found 128"));
  rows.push_back(set("audio heads", 2, "the text heads: expected 2, found 1"));
  rows.push_back(
      row("two heads", "attention heads: expected 1 for width 64, found 2", [](WrittenFile& file) {
        file.set("audio heads", 2);
        file.set("text heads", 2);
      }));
  rows.push_back(set("filter bins", 200, "the filter bank's bins: expected 201, found 200"));
  rows.push_back(set("file type", 2012, "file type: expected f32"));
  rows.push_back(set("file type", 1007, "quantisation version: expected 2, found 1"));
  rows.push_back(set("magic", 0x46554747, "found \"GGUF\""));
  rows.push_back(set("magic", 0x04034b50, "expected a ggml file"));
  for (const int length : {0, 2, 1 << 30, -1}) rows.push_back(set("token 0 length", length, "at"));
  return rows;
}

std::vector<Corruption> tensor_records() {
  std::vector<Corruption> rows;
  for (const char* name : {kMatrix, kVector, kLast}) {
    const std::string tensor = name;
    for (const int rank : {0, -1, 5, INT_MAX})
      rows.push_back(set(tensor + " rank", rank, "a tensor's rank: expected 1..4"));
    for (const int rank : {1, 3}) rows.push_back(set(tensor + " rank", rank));
    for (const int length : {0, -1, 257, INT_MAX, INT_MIN})
      rows.push_back(set(tensor + " name length", length, "the length of a tensor's name"));
    for (const int change : {-1, 1})
      rows.push_back(set(tensor + " name length", value_of(tensor + " name length") + change,
                         "unexpected tensor"));
    for (const int type : {-1, 4, 5, 9, 16, 99, INT_MAX})
      rows.push_back(set(tensor + " type", type, tensor + ": expected f32, f16"));
    for (const int extent : {0, -1, INT_MIN})
      rows.push_back(set(tensor + " extent 0", extent, "a tensor's extent"));
    for (const int extent : {63, 65, INT_MAX}) rows.push_back(set(tensor + " extent 1", extent));
    rows.push_back(row(tensor + " renamed", "unexpected tensor Xncod", [=](WrittenFile& file) {
      file.set(tensor + " name", 'X');
      file.set(tensor + " name", std::array{'n', 'c', 'o', 'd'}, 1);
    }));
  }
  const std::pair<int, const char*> k_types[] = {
      {10, "q2_K"}, {11, "q3_K"}, {12, "q4_K"}, {13, "q5_K"}, {14, "q6_K"}};
  for (const auto& [type, name] : k_types)
    rows.push_back(set(std::string(kMatrix) + " type", type, std::string("found ") + name));
  rows.push_back(set(std::string(kMatrix) + " type", 0, "expected f16 as the header says"));
  rows.push_back(set(std::string(kMatrix) + " type", 8, "expected f16 as the header says"));
  rows.push_back(set(std::string(kVector) + " type", 8, "expected f32 or f16, found q8_0"));
  // The encoder's tensor of that name comes later.
  rows.push_back(row("twice", "is there twice", [](WrittenFile& file) {
    file.set(std::string(kMatrix) + " name", std::array{'e', 'n'});
  }));
  rows.push_back(row(
      "blocks across rows", "whole q8_0 blocks of 32",
      [](WrittenFile& file) { file.set(std::string(kMatrix) + " extent 0", 32 * 2 + 16); },
      TensorType::kQ8_0));
  return rows;
}

std::vector<Corruption> values() {
  const float nan = std::nanf("");
  const auto field = [](const char* tensor) { return std::string(tensor) + " data"; };
  return {
      row("NaN in f16", "element 3: expected a finite number, found nan",
          [=](WrittenFile& file) { file.set<uint16_t>(field(kMatrix), 0x7e01, 6); }),
      row("infinity in f16", "expected a finite number, found -inf",
          [=](WrittenFile& file) { file.set<uint16_t>(field(kMatrix), 0xfc00, 64 * 64 * 2 - 2); }),
      row("NaN in f32", "expected a finite number, found nan",
          [=](WrittenFile& file) { file.set(field(kLast), nan, 400); }),
      row("infinity in f32", "expected a finite number, found inf",
          [=](WrittenFile& file) { file.set(field(kVector), HUGE_VALF, 4); }),
      row(
          "NaN scale of a block", "element 64: expected a finite number",
          [=](WrittenFile& file) { file.set<uint16_t>(field(kMatrix), 0x7e00, 2 * 34); },
          TensorType::kQ8_0),
      row(
          "infinite scale of a block", "expected a finite number",
          [=](WrittenFile& file) { file.set<uint16_t>(field(kMatrix), 0x7c00); },
          TensorType::kQ8_0),
      row("NaN filter", "mel filters: element 2",
          [=](WrittenFile& file) { file.set("filters", nan, 8); }),
      row("negative filter", "expected no negative value",
          [](WrittenFile& file) { file.set("filters", -1.0f, 8); }),
  };
}

std::vector<Corruption> whole_files() {
  const auto content = [](std::string bytes) {
    return [bytes](WrittenFile& file) {
      file.bytes.assign(reinterpret_cast<const std::byte*>(bytes.data()),
                        reinterpret_cast<const std::byte*>(bytes.data()) + bytes.size());
    };
  };
  const auto append = [](size_t zeros) {
    return [zeros](WrittenFile& file) { file.bytes.resize(file.bytes.size() + zeros); };
  };
  return {
      row("empty", kTruncated, content("")),
      row("three bytes", kTruncated, content("lmg")),
      row("text", "expected a ggml file", content("<html>404</html>")),
      row("zeros", "expected a ggml file", content(std::string(1000, '\0'))),
      row("one byte more", kTruncated, append(1)),
      row("zeros more", "a tensor's rank", append(12)),
      row("first tensor again", "is there twice",
          [](WrittenFile& file) {
            const Field& first = file.field(std::string(kMatrix) + " rank");
            const Field& data = file.field(std::string(kMatrix) + " data");
            const std::vector<std::byte> record(
                file.bytes.begin() + static_cast<ptrdiff_t>(first.offset),
                file.bytes.begin() + static_cast<ptrdiff_t>(data.offset + data.bytes));
            file.bytes.insert(file.bytes.end(), record.begin(), record.end());
          }),
  };
}

class CorruptGgml : public ::testing::TestWithParam<Corruption> {};

TEST_P(CorruptGgml, IsRefused) {
  testing::expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Truncated, CorruptGgml, ::testing::ValuesIn(truncations()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Header, CorruptGgml, ::testing::ValuesIn(header_numbers()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Tensors, CorruptGgml, ::testing::ValuesIn(tensor_records()),
                         testing::row_name);
INSTANTIATE_TEST_SUITE_P(Values, CorruptGgml, ::testing::ValuesIn(values()), testing::row_name);
INSTANTIATE_TEST_SUITE_P(Whole, CorruptGgml, ::testing::ValuesIn(whole_files()), testing::row_name);

// The tables above break this file: unbroken, it is accepted.
TEST(UnbrokenGgml, IsAccepted) {
  for (const TensorType type : {TensorType::kF16, TensorType::kQ8_0}) {
    const Result<void> opened =
        testing::read_everything(read_ggml_model({testing::kCorruptFile, good(type).bytes}));
    EXPECT_TRUE(opened) << opened.error().message;
  }
}

}  // namespace
}  // namespace npu
