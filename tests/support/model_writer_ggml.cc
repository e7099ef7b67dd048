// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes ggml files.
#include <cmath>

#include "half.h"
#include "model/mel_filters.h"
#include "model/weights.h"
#include "model_writer.h"

namespace npu::testing {
namespace {

struct TypeNumbers {
  int file;
  int tensor;
};

TypeNumbers numbers(TensorType type) {
  if (type == TensorType::kF32) return {0, 0};
  if (type == TensorType::kF16) return {1, 1};
  return {2007, 8};
}

std::vector<std::byte> encode_q8_0(const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() / 32 * 34);
  const uint16_t scale = float_to_half(1.0f / 64.0f);
  for (size_t i = 0; i < values.size(); ++i) {
    std::byte* block = bytes.data() + i / 32 * 34;
    if (i % 32 == 0) std::memcpy(block, &scale, 2);
    block[2 + i % 32] = static_cast<std::byte>(static_cast<int8_t>(std::lrint(values[i] * 64)));
  }
  return bytes;
}

void write_tensor(ByteWriter& out, const NamedTensor& tensor, TensorType type) {
  const bool conv_bias = tensor.name.find("conv") != std::string::npos && tensor.shape.rank() == 1;
  std::vector<size_t> extents(tensor.shape.extents().begin(), tensor.shape.extents().end());
  if (conv_bias) extents.push_back(1);
  out.value(static_cast<int32_t>(extents.size()), tensor.name + " rank");
  out.value(static_cast<int32_t>(tensor.name.size()), tensor.name + " name length");
  out.value(static_cast<int32_t>(numbers(type).tensor), tensor.name + " type");
  for (size_t axis = extents.size(); axis-- > 0;)
    out.value(static_cast<int32_t>(extents[axis]),
              tensor.name + " extent " + std::to_string(extents.size() - 1 - axis));
  out.chars(tensor.name, tensor.name + " name");
  out.raw(type == TensorType::kQ8_0 ? encode_q8_0(tensor.values) : encode(type, tensor.values),
          tensor.name + " data");
}

}  // namespace

WrittenFile write_ggml(const ModelDims& dims, TensorType type) {
  ByteWriter out;
  out.value(uint32_t{0x67676d6c}, "magic");
  const std::pair<const char*, int> header[] = {{"vocabulary", dims.vocabulary},
                                                {"audio context", 1500},
                                                {"audio width", dims.width},
                                                {"audio heads", dims.heads},
                                                {"audio layers", dims.encoder_layers},
                                                {"text context", 448},
                                                {"text width", dims.width},
                                                {"text heads", dims.heads},
                                                {"text layers", dims.decoder_layers},
                                                {"mel bands", dims.mel_bands},
                                                {"file type", numbers(type).file},
                                                {"filter bands", dims.mel_bands},
                                                {"filter bins", 201}};
  for (const auto& [name, value] : header) out.value(static_cast<int32_t>(value), name);
  out.raw(encode(TensorType::kF32, slaney_mel_filters(dims.mel_bands)), "filters");
  const int tokens = tiny_token_count(dims);
  out.value(static_cast<int32_t>(tokens), "token count");
  for (int id = 0; id < tokens; ++id) {
    const std::string token = tiny_token(id);
    const std::string field = id % 10000 == 0 ? "token " + std::to_string(id) : "";
    out.value(static_cast<uint32_t>(token.size()), field.empty() ? field : field + " length");
    out.chars(token, field);
  }
  for (const auto& [name, tensor] : tiny_tensors(dims)) {
    const bool positions = name.ends_with("positional_embedding");
    const bool vector = tensor.shape.rank() == 1 || positions;
    const bool convolution = tensor.shape.rank() == 3;
    const TensorType half = type == TensorType::kQ8_0 ? TensorType::kF16 : type;
    write_tensor(out, tensor, vector ? TensorType::kF32 : convolution ? half : type);
  }
  return out.take();
}

}  // namespace npu::testing
