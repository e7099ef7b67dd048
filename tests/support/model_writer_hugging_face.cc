// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes safetensors files and what lies beside them.
#include "model_writer.h"

namespace npu::testing {
namespace {

// Replaces the first `from`, if there is one.
void replace(std::string& name, std::string_view from, std::string_view to) {
  if (const size_t at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
}

std::string hugging_face_name(std::string name) {
  const std::pair<const char*, const char*> replacements[] = {
      {"positional_embedding", "embed_positions.weight"},
      {"token_embedding", "embed_tokens"},
      {".blocks.", ".layers."},
      {"cross_attn_ln", "encoder_attn_layer_norm"},
      {".attn_ln", ".self_attn_layer_norm"},
      {"mlp_ln", "final_layer_norm"},
      {"cross_attn.", "encoder_attn."},
      {".attn.", ".self_attn."},
      {"attn.query", "attn.q_proj"},
      {"attn.key", "attn.k_proj"},
      {"attn.value", "attn.v_proj"},
      {"attn.out", "attn.out_proj"},
      {"mlp.0", "fc1"},
      {"mlp.2", "fc2"},
      {"encoder.ln_post", "encoder.layer_norm"},
      {"decoder.ln.", "decoder.layer_norm."}};
  for (const auto& [from, to] : replacements) replace(name, from, to);
  return "model." + name;
}

const char* type_text(TensorType type) {
  return type == TensorType::kF32 ? "F32" : type == TensorType::kF16 ? "F16" : "BF16";
}

}  // namespace

std::vector<NamedTensor> hugging_face_tensors(const ModelDims& dims) {
  std::vector<NamedTensor> result;
  for (auto& [name, tensor] : tiny_tensors(dims)) {
    result.push_back(tensor);
    result.back().name = hugging_face_name(name);
  }
  return result;
}

WrittenFile write_safetensors(std::string_view header, std::span<const std::byte> data) {
  ByteWriter out;
  out.value(static_cast<uint64_t>(header.size()), "header length");
  out.chars(header, "header");
  out.raw(data, "data");
  return out.take();
}

WrittenFile write_safetensors(const std::vector<NamedTensor>& tensors, TensorType type) {
  std::string header = R"({"__metadata__": {"format": "pt"})";
  size_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    header += ", \"" + tensor.name + R"(": {"dtype": ")" + type_text(type) + R"(", "shape": [)";
    for (size_t axis = 0; axis < tensor.shape.rank(); ++axis)
      header += (axis ? ", " : "") + std::to_string(tensor.shape[axis]);
    const size_t end = offset + tensor.values.size() * block_bytes(type);
    header += "], \"data_offsets\": [" + std::to_string(offset) + ", " + std::to_string(end) + "]}";
    offset = end;
  }
  header += "}";
  ByteWriter out;
  out.value(static_cast<uint64_t>(header.size()), "header length");
  out.chars(header, "header");
  for (const NamedTensor& tensor : tensors) out.raw(encode(type, tensor.values), tensor.name);
  return out.take();
}

std::string hugging_face_config(const ModelDims& dims) {
  std::string out = R"({"model_type": "whisper", "activation_function": "gelu")";
  const std::pair<const char*, int> numbers[] = {{"d_model", dims.width},
                                                 {"num_mel_bins", dims.mel_bands},
                                                 {"vocab_size", dims.vocabulary},
                                                 {"encoder_layers", dims.encoder_layers},
                                                 {"decoder_layers", dims.decoder_layers},
                                                 {"encoder_attention_heads", dims.heads},
                                                 {"decoder_attention_heads", dims.heads},
                                                 {"encoder_ffn_dim", dims.feed_forward},
                                                 {"decoder_ffn_dim", dims.feed_forward},
                                                 {"max_source_positions", 1500},
                                                 {"max_target_positions", 448}};
  for (const auto& [name, value] : numbers)
    out += std::string(", \"") + name + "\": " + std::to_string(value);
  return out + R"(, "scale_embedding": false})";
}

}  // namespace npu::testing
