// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes CTranslate2 files.
#include <algorithm>
#include <cmath>

#include "model_writer.h"

namespace npu::testing {
namespace {

using Tensors = std::map<std::string, NamedTensor>;

constexpr float kInt8Scale = 64.0f;  // w = q / scale, exact for multiples of 1/64

// Translates canonical tensors one after the other.
class Builder {
 public:
  Builder(const Tensors& tensors, TensorType type) : tensors_(tensors), type_(type) {}

  void scalar(const std::string& name, int value, TensorType type) {
    const auto narrow = static_cast<int16_t>(value);
    std::vector<std::byte> data(type == TensorType::kI8 ? 1 : 2);
    std::memcpy(data.data(), &narrow, data.size());
    content_.tensors.push_back({name, {}, type, std::move(data)});
  }

  void norm(const std::string& name, const std::string& canonical) {
    plain(name + "/gamma", at(canonical + ".weight"));
    plain(name + "/beta", at(canonical + ".bias"));
  }

  void table(const std::string& name, const std::string& canonical) { plain(name, at(canonical)); }

  void matrix(const std::string& name, const std::string& canonical, bool bias = true) {
    weight(name + "/weight", at(canonical + ".weight"));
    if (bias) plain(name + "/bias", at(canonical + ".bias"));
  }

  // Stacks the rows of several modules; a missing bias is zeros.
  void fused(const std::string& name, const std::vector<std::string>& modules) {
    NamedTensor weights = at(modules.front() + ".weight");
    std::vector<float> bias;
    weights.values.clear();
    for (const std::string& module : modules) {
      const NamedTensor& part = at(module + ".weight");
      weights.values.insert(weights.values.end(), part.values.begin(), part.values.end());
      const auto found = tensors_.find(module + ".bias");
      const std::vector<float> values =
          found == tensors_.end() ? std::vector<float>(part.shape[0]) : found->second.values;
      bias.insert(bias.end(), values.begin(), values.end());
    }
    weights.shape = {bias.size(), weights.shape[1]};
    weight(name + "/weight", weights);
    plain(name + "/bias", {"", {bias.size()}, bias});
  }

  CTranslate2Content take() {
    std::sort(content_.tensors.begin(), content_.tensors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(content_);
  }

 private:
  const NamedTensor& at(const std::string& canonical) const { return tensors_.at(canonical); }

  void plain(const std::string& name, const NamedTensor& tensor) {
    const TensorType type = needs_scale(type_) ? TensorType::kF32 : type_;
    content_.tensors.push_back({name, tensor.shape, type, encode(type, tensor.values)});
  }

  void weight(const std::string& name, const NamedTensor& tensor) {
    if (!needs_scale(type_)) return plain(name, tensor);
    std::vector<std::byte> data(tensor.values.size() * block_bytes(type_));
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      const auto quant = static_cast<int16_t>(std::lrint(tensor.values[i] * kInt8Scale));
      std::memcpy(data.data() + i * block_bytes(type_), &quant, block_bytes(type_));
    }
    content_.tensors.push_back({name, tensor.shape, type_, std::move(data)});
    // One scale per row for int8, one for all of an int16 tensor.
    const bool per_row = type_ == TensorType::kI8;
    const std::vector<float> scales(per_row ? tensor.shape[0] : 1, kInt8Scale);
    content_.tensors.push_back({name + "_scale", per_row ? Shape{tensor.shape[0]} : Shape{},
                                TensorType::kF32, encode(TensorType::kF32, scales)});
  }

  const Tensors& tensors_;
  TensorType type_;
  CTranslate2Content content_;
};

void add_block(Builder& builder, const std::string& name, const std::string& canonical,
               bool decoder) {
  builder.norm(name + "/self_attention/layer_norm", canonical + "attn_ln");
  builder.fused(name + "/self_attention/linear_0",
                {canonical + "attn.query", canonical + "attn.key", canonical + "attn.value"});
  builder.matrix(name + "/self_attention/linear_1", canonical + "attn.out");
  if (decoder) {
    builder.norm(name + "/attention/layer_norm", canonical + "cross_attn_ln");
    builder.matrix(name + "/attention/linear_0", canonical + "cross_attn.query");
    builder.fused(name + "/attention/linear_1",
                  {canonical + "cross_attn.key", canonical + "cross_attn.value"});
    builder.matrix(name + "/attention/linear_2", canonical + "cross_attn.out");
  }
  builder.norm(name + "/ffn/layer_norm", canonical + "mlp_ln");
  builder.matrix(name + "/ffn/linear_0", canonical + "mlp.0");
  builder.matrix(name + "/ffn/linear_1", canonical + "mlp.2");
}

void write_string(ByteWriter& out, const std::string& string, const std::string& field) {
  out.value(static_cast<uint16_t>(string.size() + 1), field + " length");
  out.chars(std::string_view(string.c_str(), string.size() + 1), field);
}

uint8_t type_id(TensorType type) {
  switch (type) {
    case TensorType::kI8:
      return 1;
    case TensorType::kI16:
      return 2;
    case TensorType::kI32:
      return 3;
    case TensorType::kF16:
      return 4;
    case TensorType::kBF16:
      return 5;
    default:
      return 0;
  }
}

}  // namespace

CTranslate2Tensor& CTranslate2Content::at(std::string_view name) {
  for (CTranslate2Tensor& tensor : tensors)
    if (tensor.name == name) return tensor;
  std::abort();
}

void CTranslate2Content::erase(std::string_view name) {
  std::erase_if(tensors, [name](const auto& tensor) { return tensor.name == name; });
}

CTranslate2Content ctranslate2_content(const ModelDims& dims, TensorType type) {
  const Tensors tensors = tiny_tensors(dims);
  Builder builder(tensors, type);
  for (const std::string side : {"encoder", "decoder"})
    builder.scalar(side + "/num_heads", dims.heads, TensorType::kI16);
  builder.scalar("decoder/activation", 3, TensorType::kI8);
  builder.scalar("decoder/pre_norm", 1, TensorType::kI8);
  builder.scalar("decoder/scale_embeddings", 0, TensorType::kI8);
  builder.scalar("decoder/alignment_layer", -1, TensorType::kI16);
  builder.scalar("decoder/alignment_heads", 1, TensorType::kI16);
  builder.matrix("encoder/conv1", "encoder.conv1");
  builder.matrix("encoder/conv2", "encoder.conv2");
  builder.table("encoder/position_encodings/encodings", "encoder.positional_embedding");
  builder.table("decoder/position_encodings/encodings", "decoder.positional_embedding");
  builder.norm("encoder/layer_norm", "encoder.ln_post");
  builder.norm("decoder/layer_norm", "decoder.ln");
  builder.matrix("decoder/embeddings", "decoder.token_embedding", /*bias=*/false);
  for (int layer = 0; layer < dims.encoder_layers; ++layer)
    add_block(builder, "encoder/layer_" + std::to_string(layer),
              "encoder.blocks." + std::to_string(layer) + ".", false);
  for (int layer = 0; layer < dims.decoder_layers; ++layer)
    add_block(builder, "decoder/layer_" + std::to_string(layer),
              "decoder.blocks." + std::to_string(layer) + ".", true);
  CTranslate2Content content = builder.take();
  content.aliases.emplace_back("decoder/projection/weight", "decoder/embeddings/weight");
  return content;
}

WrittenFile write_ctranslate2(const CTranslate2Content& content) {
  ByteWriter out;
  out.value(content.version, "version");
  write_string(out, content.spec, "spec");
  out.value(content.revision, "revision");
  out.value(static_cast<uint32_t>(content.tensors.size()), "tensor count");
  for (const CTranslate2Tensor& tensor : content.tensors) {
    write_string(out, tensor.name, tensor.name + " name");
    out.value(static_cast<uint8_t>(tensor.shape.rank()), tensor.name + " rank");
    for (size_t axis = 0; axis < tensor.shape.rank(); ++axis)
      out.value(static_cast<uint32_t>(tensor.shape[axis]),
                tensor.name + " extent " + std::to_string(axis));
    const size_t item = block_bytes(tensor.type);
    const bool typed = content.version >= 4;
    out.value(typed ? type_id(tensor.type) : static_cast<uint8_t>(item), tensor.name + " type");
    out.value(static_cast<uint32_t>(typed ? tensor.data.size() : tensor.data.size() / item),
              tensor.name + " size");
    out.raw(tensor.data, tensor.name + " data");
  }
  if (content.version < 3) return out.take();
  out.value(static_cast<uint32_t>(content.aliases.size()), "alias count");
  for (size_t i = 0; i < content.aliases.size(); ++i) {
    write_string(out, content.aliases[i].first, "alias " + std::to_string(i));
    write_string(out, content.aliases[i].second, "target " + std::to_string(i));
  }
  return out.take();
}

}  // namespace npu::testing
