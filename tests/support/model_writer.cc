// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "half.h"
#include "model/weights.h"

namespace npu::testing {
namespace {

// The UTF-8 of the character by which GPT-2's map writes `byte`.
std::string mapped_byte(int byte) {
  const auto plain = [](int value) {
    return (value >= '!' && value <= '~') || (value >= 0xa1 && value <= 0xac) || value >= 0xae;
  };
  int code = byte;
  if (!plain(byte)) {
    code = 256;
    for (int other = 0; other < byte; ++other) code += plain(other) ? 0 : 1;
  }
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
}

std::string json_string(const std::string& token) {
  std::string out = "\"";
  for (const char character : token) {
    const std::string mapped = mapped_byte(static_cast<unsigned char>(character));
    if (mapped == "\"" || mapped == "\\") out += '\\';
    out += mapped;
  }
  return out + '"';
}

}  // namespace

ModelDims tiny_dims() {
  return {.mel_bands = 80,
          .width = 64,
          .heads = 1,
          .encoder_layers = 1,
          .decoder_layers = 1,
          .vocabulary = 51864,
          .feed_forward = 256};
}

std::map<std::string, NamedTensor> tiny_tensors(const ModelDims& dims) {
  std::map<std::string, NamedTensor> tensors;
  uint32_t state = 1;
  for (const WeightRef& ref : expected_weights(dims)) {
    NamedTensor tensor{ref.name, ref.shape, std::vector<float>(ref.shape.elements())};
    for (float& value : tensor.values) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(static_cast<int>(state >> 24) % 65 - 32) / 64.0f;
    }
    tensors.emplace(ref.name, std::move(tensor));
  }
  return tensors;
}

int tiny_token_count(const ModelDims& dims) {
  return dims.multilingual() ? 50257 : 50256;
}

std::string tiny_token(int id) {
  if (id < 256) return std::string(1, static_cast<char>(id));
  return id == 50256 ? "" : "w" + std::to_string(id);
}

std::vector<std::byte> encode(TensorType type, const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * block_bytes(type));
  for (size_t i = 0; i < values.size(); ++i) {
    if (type == TensorType::kF32) {
      std::memcpy(bytes.data() + 4 * i, &values[i], 4);
    } else {
      const uint16_t half =
          type == TensorType::kF16 ? float_to_half(values[i]) : float_to_bfloat16(values[i]);
      std::memcpy(bytes.data() + 2 * i, &half, 2);
    }
  }
  return bytes;
}

std::string tokenizer_json(const ModelDims& dims) {
  std::string out = R"({"added_tokens": [], "model": {"type": "BPE", "vocab": {)";
  for (int id = 0; id < tiny_token_count(dims); ++id)
    out += (id ? ", " : "") + json_string(tiny_token(id)) + ": " + std::to_string(id);
  return out + R"(}, "merges": []}})";
}

std::string vocabulary_json(const ModelDims& dims) {
  std::string out = "[";
  for (int id = 0; id < dims.vocabulary; ++id) {
    const bool text = id < tiny_token_count(dims);
    out += (id ? ",\n" : "") +
           (text ? json_string(tiny_token(id)) : "\"<|special" + std::to_string(id) + "|>\"");
  }
  return out + "]";
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!out.flush()) std::abort();
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "npuwhisper-test-XXXXXX").string();
  if (!mkdtemp(name.data())) std::abort();
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace npu::testing
