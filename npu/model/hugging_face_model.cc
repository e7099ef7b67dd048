// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/hugging_face_model.h"

#include <algorithm>
#include <set>

#include "model/byte_reader.h"
#include "model/json_alignment_heads.h"
#include "model/json_file.h"
#include "model/name_map.h"
#include "model/safetensors_file.h"
#include "model/weights.h"

namespace npu {
namespace {

using nlohmann::json;

constexpr auto kLinear = ModuleKind::kLinear;
constexpr auto kTable = ModuleKind::kTable;

constexpr Suffixes kSuffixes = {".weight", ".bias", ".weight", ".bias"};

constexpr ModuleRule kRules[] = {
    {"encoder.conv1", "model.encoder.conv1", kLinear},
    {"encoder.conv2", "model.encoder.conv2", kLinear},
    {"encoder.positional_embedding", "model.encoder.embed_positions.weight", kTable},
    {"encoder.ln_post", "model.encoder.layer_norm", kLinear},
    {"encoder.blocks.*.attn_ln", "model.encoder.layers.*.self_attn_layer_norm", kLinear},
    {"encoder.blocks.*.attn.query", "model.encoder.layers.*.self_attn.q_proj", kLinear},
    {"encoder.blocks.*.attn.key", "model.encoder.layers.*.self_attn.k_proj", kLinear},
    {"encoder.blocks.*.attn.value", "model.encoder.layers.*.self_attn.v_proj", kLinear},
    {"encoder.blocks.*.attn.out", "model.encoder.layers.*.self_attn.out_proj", kLinear},
    {"encoder.blocks.*.mlp_ln", "model.encoder.layers.*.final_layer_norm", kLinear},
    {"encoder.blocks.*.mlp.0", "model.encoder.layers.*.fc1", kLinear},
    {"encoder.blocks.*.mlp.2", "model.encoder.layers.*.fc2", kLinear},
    {"decoder.token_embedding", "model.decoder.embed_tokens", kLinear},
    {"decoder.positional_embedding", "model.decoder.embed_positions.weight", kTable},
    {"decoder.ln", "model.decoder.layer_norm", kLinear},
    {"decoder.blocks.*.attn_ln", "model.decoder.layers.*.self_attn_layer_norm", kLinear},
    {"decoder.blocks.*.attn.query", "model.decoder.layers.*.self_attn.q_proj", kLinear},
    {"decoder.blocks.*.attn.key", "model.decoder.layers.*.self_attn.k_proj", kLinear},
    {"decoder.blocks.*.attn.value", "model.decoder.layers.*.self_attn.v_proj", kLinear},
    {"decoder.blocks.*.attn.out", "model.decoder.layers.*.self_attn.out_proj", kLinear},
    {"decoder.blocks.*.cross_attn_ln", "model.decoder.layers.*.encoder_attn_layer_norm", kLinear},
    {"decoder.blocks.*.cross_attn.query", "model.decoder.layers.*.encoder_attn.q_proj", kLinear},
    {"decoder.blocks.*.cross_attn.key", "model.decoder.layers.*.encoder_attn.k_proj", kLinear},
    {"decoder.blocks.*.cross_attn.value", "model.decoder.layers.*.encoder_attn.v_proj", kLinear},
    {"decoder.blocks.*.cross_attn.out", "model.decoder.layers.*.encoder_attn.out_proj", kLinear},
    {"decoder.blocks.*.mlp_ln", "model.decoder.layers.*.final_layer_norm", kLinear},
    {"decoder.blocks.*.mlp.0", "model.decoder.layers.*.fc1", kLinear},
    {"decoder.blocks.*.mlp.2", "model.decoder.layers.*.fc2", kLinear},
};

constexpr const char* kProjection = "proj_out.weight";
constexpr int64_t kAnySize = 1 << 20;  // check_dims() has the real limits

// config.json.
class Config {
 public:
  Config(const std::string& file, const json& object) : file_(file), object_(object) {}

  Result<ModelDims> read() const {
    NPU_TRY(expect("model_type", "whisper"));
    NPU_TRY(expect("activation_function", "gelu"));  // the erf form
    NPU_TRY(expect("scale_embedding", false));
    NPU_TRY(expect("max_source_positions", kAudioPositions));
    NPU_TRY(expect("max_target_positions", kTextPositions));
    ModelDims dims{};
    NPU_TRY_ASSIGN(dims.mel_bands, size("num_mel_bins"));
    NPU_TRY_ASSIGN(dims.width, size("d_model"));
    NPU_TRY_ASSIGN(dims.heads, size("encoder_attention_heads"));
    NPU_TRY_ASSIGN(dims.encoder_layers, size("encoder_layers"));
    NPU_TRY_ASSIGN(dims.decoder_layers, size("decoder_layers"));
    NPU_TRY_ASSIGN(dims.vocabulary, size("vocab_size"));
    NPU_TRY_ASSIGN(dims.feed_forward, size("encoder_ffn_dim"));
    NPU_TRY(expect("decoder_attention_heads", dims.heads));
    NPU_TRY(expect("decoder_ffn_dim", dims.feed_forward));
    NPU_TRY(check_dims(file_, dims));
    return dims;
  }

 private:
  Result<int> size(const char* key) const {
    NPU_TRY_ASSIGN(const int64_t value, json_integer(file_, object_, key, 1, kAnySize));
    return static_cast<int>(value);
  }

  // A key that has one meaningful value; absent is as good.
  Result<void> expect(const char* key, const json& value) const {
    if (!object_.is_object())
      return Error{ErrorCode::kBadModel,
                   text(file_, ": expected a JSON object, found ", json_excerpt(object_))};
    const auto found = object_.find(key);
    if (found == object_.end() || *found == value) return {};
    return Error{ErrorCode::kUnsupported,
                 text(file_, ": \"", key, "\": expected ", json_excerpt(value), ", found ",
                      json_excerpt(*found))};
  }

  const std::string& file_;
  const json& object_;
};

// "tensor" -> "shard", of an index.
Result<std::map<std::string, std::string>> weight_map(const TextFile& index) {
  NPU_TRY_ASSIGN(const json root, parse_json(index.name, index.content));
  const auto error = [&](std::string_view expected, const std::string& found) {
    return Error{ErrorCode::kBadModel,
                 text(index.name, ": weight_map: expected ", expected, ", found ", found)};
  };
  if (!root.is_object() || !root.contains("weight_map") || !root["weight_map"].is_object())
    return error("an object of tensor and file names", json_excerpt(root));
  std::map<std::string, std::string> result;
  for (const auto& [tensor, shard] : root["weight_map"].items()) {
    if (!shard.is_string()) return error("a file name", json_excerpt(shard));
    const std::string& name = shard.get_ref<const std::string&>();
    // A path could lead anywhere on the machine.
    if (name.find('/') != std::string::npos || name.find('\0') != std::string::npos ||
        !name.ends_with(".safetensors"))
      return error("the name of a .safetensors file in the same folder", json_excerpt(shard));
    result.emplace(tensor, name);
  }
  return result;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);  // npos + 1 is 0
}

// All tensors of all shards, each once.
Result<SafetensorsTable> read_shards(const HuggingFaceFiles& files) {
  SafetensorsTable all;
  for (const FileBytes& shard : files.shards) {
    NPU_TRY_ASSIGN(SafetensorsTable table, parse_safetensors(shard));
    for (auto& [name, tensor] : table)
      if (const auto [place, fresh] = all.emplace(name, std::move(tensor)); !fresh)
        return Error{ErrorCode::kBadModel, text(shard.name, ": tensor ", printable(name),
                                                " is also in ", place->second.file)};
  }
  if (!files.index) return all;
  NPU_TRY_ASSIGN(const auto map, weight_map(*files.index));
  for (const auto& [name, tensor] : all) {
    const auto entry = map.find(name);
    if (entry == map.end() || file_name(tensor.file) != entry->second)
      return Error{ErrorCode::kBadModel,
                   text(files.index->name, ": tensor ", printable(name), ": expected ",
                        printable(tensor.file), ", where it is, found ",
                        entry == map.end() ? "no entry" : printable(entry->second))};
  }
  for (const auto& [name, shard] : map)
    if (!all.contains(name))
      return Error{ErrorCode::kBadModel,
                   text(files.index->name, ": expected a tensor ", printable(name), " in ",
                        printable(shard), ", found none")};
  return all;
}

// Moves the tensors to their canonical names.
Result<TensorTable> rename(const std::string& file, const ModelDims& dims,
                           SafetensorsTable stored) {
  TensorTable table;
  for (const WeightRef& ref : expected_weights(dims)) {
    const std::optional<StoredName> name = stored_name(kRules, kSuffixes, ref.name);
    if (!name)
      return Error{ErrorCode::kInternal, text("no Hugging Face name for the tensor ", ref.name)};
    const auto found = stored.find(name->name);
    if (found == stored.end())
      return Error{ErrorCode::kBadModel,
                   text(file, ": expected a tensor ", name->name, " ", ref.shape, ", found none")};
    ModelTensor tensor;
    tensor.values = std::move(found->second);
    stored.erase(found);
    table.emplace(ref.name, std::move(tensor));
  }
  if (const auto projection = stored.find(kProjection); projection != stored.end()) {
    table.at("decoder.token_embedding.weight").twin = std::move(projection->second);
    stored.erase(projection);
  }
  if (!stored.empty()) {
    const StoredTensor& extra = stored.begin()->second;
    return bad_file(extra.file, extra.offset, "unexpected tensor ", printable(extra.name), " ",
                    extra.shape, ": Whisper has none of that name");
  }
  return table;
}

Result<void> check_preprocessor(const TextFile& preprocessor, const ModelDims& dims) {
  NPU_TRY_ASSIGN(const json root, parse_json(preprocessor.name, preprocessor.content));
  if (root.is_object() && !root.contains("feature_size")) return {};
  NPU_TRY_ASSIGN(const int64_t bands,
                 json_integer(preprocessor.name, root, "feature_size", 1, kAnySize));
  if (bands != dims.mel_bands)
    return Error{ErrorCode::kBadModel, text(preprocessor.name, ": feature_size: expected ",
                                            dims.mel_bands, " as in config.json, found ", bands)};
  return {};
}

}  // namespace

Result<std::vector<std::string>> shard_names(const TextFile& index) {
  NPU_TRY_ASSIGN(const auto map, weight_map(index));
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map) names.insert(shard);
  return std::vector<std::string>(names.begin(), names.end());
}

Result<ModelContents> read_hugging_face_model(const HuggingFaceFiles& files) {
  ModelContents contents;
  NPU_TRY_ASSIGN(const json config, parse_json(files.config.name, files.config.content));
  NPU_TRY_ASSIGN(contents.dims, Config(files.config.name, config).read());
  if (files.generation) {
    NPU_TRY_ASSIGN(const json root, parse_json(files.generation->name, files.generation->content));
    NPU_TRY_ASSIGN(contents.alignment_heads,
                   json_alignment_heads(files.generation->name, root, contents.dims));
  }
  if (files.preprocessor) NPU_TRY(check_preprocessor(*files.preprocessor, contents.dims));
  if (files.shards.empty())
    return Error{ErrorCode::kBadModel, text(files.config.name,
                                            ": expected weights in safetensors "
                                            "files beside it, found none")};
  NPU_TRY_ASSIGN(SafetensorsTable stored, read_shards(files));
  const std::string& where = files.index ? files.index->name : files.shards.front().name;
  NPU_TRY_ASSIGN(contents.tensors, rename(where, contents.dims, std::move(stored)));
  NPU_TRY(check_tensors(where, contents.dims, contents.tensors));
  const TensorType type = contents.tensors.at("decoder.token_embedding.weight").values.type;
  contents.format = text("Hugging Face ", type_name(type));
  return contents;
}

}  // namespace npu
