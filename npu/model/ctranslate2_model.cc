// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/ctranslate2_model.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "log.h"
#include "model/byte_reader.h"
#include "model/ctranslate2_file.h"
#include "model/json_alignment_heads.h"
#include "model/json_file.h"
#include "model/name_map.h"
#include "model/weights.h"

namespace npu {
namespace {

constexpr auto kLinear = ModuleKind::kLinear;
constexpr auto kNorm = ModuleKind::kNorm;
constexpr auto kTable = ModuleKind::kTable;

constexpr Suffixes kSuffixes = {"/weight", "/bias", "/gamma", "/beta"};

constexpr ModuleRule kRules[] = {
    {"encoder.conv1", "encoder/conv1", kLinear},
    {"encoder.conv2", "encoder/conv2", kLinear},
    {"encoder.positional_embedding", "encoder/position_encodings/encodings", kTable},
    {"encoder.ln_post", "encoder/layer_norm", kNorm},
    {"encoder.blocks.*.attn_ln", "encoder/layer_*/self_attention/layer_norm", kNorm},
    {"encoder.blocks.*.attn.query", "encoder/layer_*/self_attention/linear_0", kLinear, 0, 3},
    {"encoder.blocks.*.attn.key", "encoder/layer_*/self_attention/linear_0", kLinear, 1, 3},
    {"encoder.blocks.*.attn.value", "encoder/layer_*/self_attention/linear_0", kLinear, 2, 3},
    {"encoder.blocks.*.attn.out", "encoder/layer_*/self_attention/linear_1", kLinear},
    {"encoder.blocks.*.mlp_ln", "encoder/layer_*/ffn/layer_norm", kNorm},
    {"encoder.blocks.*.mlp.0", "encoder/layer_*/ffn/linear_0", kLinear},
    {"encoder.blocks.*.mlp.2", "encoder/layer_*/ffn/linear_1", kLinear},
    {"decoder.token_embedding", "decoder/embeddings", kLinear},
    {"decoder.positional_embedding", "decoder/position_encodings/encodings", kTable},
    {"decoder.ln", "decoder/layer_norm", kNorm},
    {"decoder.blocks.*.attn_ln", "decoder/layer_*/self_attention/layer_norm", kNorm},
    {"decoder.blocks.*.attn.query", "decoder/layer_*/self_attention/linear_0", kLinear, 0, 3},
    {"decoder.blocks.*.attn.key", "decoder/layer_*/self_attention/linear_0", kLinear, 1, 3},
    {"decoder.blocks.*.attn.value", "decoder/layer_*/self_attention/linear_0", kLinear, 2, 3},
    {"decoder.blocks.*.attn.out", "decoder/layer_*/self_attention/linear_1", kLinear},
    {"decoder.blocks.*.cross_attn_ln", "decoder/layer_*/attention/layer_norm", kNorm},
    {"decoder.blocks.*.cross_attn.query", "decoder/layer_*/attention/linear_0", kLinear},
    {"decoder.blocks.*.cross_attn.key", "decoder/layer_*/attention/linear_1", kLinear, 0, 2},
    {"decoder.blocks.*.cross_attn.value", "decoder/layer_*/attention/linear_1", kLinear, 1, 2},
    {"decoder.blocks.*.cross_attn.out", "decoder/layer_*/attention/linear_2", kLinear},
    {"decoder.blocks.*.mlp_ln", "decoder/layer_*/ffn/layer_norm", kNorm},
    {"decoder.blocks.*.mlp.0", "decoder/layer_*/ffn/linear_0", kLinear},
    {"decoder.blocks.*.mlp.2", "decoder/layer_*/ffn/linear_1", kLinear},
};

constexpr uint32_t kNewestRevision = 3;
constexpr const char* kProjection = "decoder/projection/weight";
constexpr const char* kEmbedding = "decoder/embeddings/weight";

// Scalars that say which network it is, below "encoder/" and "decoder/", and what Whisper has.
struct Flag {
  std::string_view name;
  int expected;
};
constexpr Flag kFlags[] = {
    {"pre_norm", 1},
    {"activation", 3},  // the erf form of GELU
    {"scale_embeddings", 0},
    {"start_from_zero_embedding", 0},
    {"layernorm_embedding", 0},
    {"alibi", 0},
    {"alibi_use_positive_positions", 0},
    {"scale_alibi", 0},
};
// Scalars that say nothing that is not known from elsewhere.
constexpr std::string_view kIgnored[] = {"num_heads", "alignment_layer", "alignment_heads"};

// Reads the tensors of one file into a ModelContents.
class Reader {
 public:
  explicit Reader(const CTranslate2File& file) : file_(file) {}

  Result<ModelContents> read() {
    NPU_TRY(read_dims());
    NPU_TRY(check_dims(file_.name, contents_.dims));
    for (const WeightRef& ref : expected_weights(contents_.dims)) NPU_TRY(add(ref));
    NPU_TRY(tie_projection());
    NPU_TRY(check_rest());
    NPU_TRY(check_tensors(file_.name, contents_.dims, contents_.tensors));
    contents_.format = text("CTranslate2 ", type_name(file_.find(kEmbedding)->type));
    return std::move(contents_);
  }

 private:
  // The tensor of that name or alias, which must have this rank.
  Result<const StoredTensor*> require(const std::string& name, size_t rank) const {
    const StoredTensor* tensor = file_.find(name);
    if (!tensor)
      return Error{ErrorCode::kBadModel,
                   text(file_.name, ": expected a tensor ", name, ", found none")};
    if (tensor->shape.rank() != rank)
      return bad_file(file_.name, tensor->offset, "tensor ", printable(name), ": expected rank ",
                      rank, ", found ", tensor->shape);
    return tensor;
  }

  Result<int> extent(const std::string& name, size_t rank, size_t axis) const {
    NPU_TRY_ASSIGN(const StoredTensor* tensor, require(name, rank));
    return static_cast<int>(std::min<size_t>(tensor->shape[axis], INT32_MAX));
  }

  Result<int> scalar(const std::string& name) const {
    NPU_TRY_ASSIGN(const StoredTensor* tensor, require(name, 0));
    float value = 0;
    NPU_TRY(read_values(*tensor, {&value, 1}));
    if (!(value >= -32768 && value <= 32767))
      return bad_file(file_.name, tensor->offset, "scalar ", printable(name),
                      ": expected a 16-bit number, found ", value);
    return static_cast<int>(value);
  }

  int count_layers(const std::string& prefix) const {
    int layers = 0;
    while (file_.find(text(prefix, layers, "/ffn/linear_0/weight"))) ++layers;
    return layers;
  }

  Result<void> read_dims() {
    if (file_.spec != "WhisperSpec")
      return bad_file(file_.name, 4, "expected a WhisperSpec, found \"", printable(file_.spec),
                      "\"");
    ModelDims& dims = contents_.dims;
    NPU_TRY_ASSIGN(dims.width, extent("encoder/conv1/weight", 3, 0));
    NPU_TRY_ASSIGN(dims.mel_bands, extent("encoder/conv1/weight", 3, 1));
    NPU_TRY_ASSIGN(dims.vocabulary, extent(kEmbedding, 2, 0));
    NPU_TRY_ASSIGN(dims.feed_forward, extent("encoder/layer_0/ffn/linear_0/weight", 2, 0));
    dims.encoder_layers = count_layers("encoder/layer_");
    dims.decoder_layers = count_layers("decoder/layer_");
    if (file_.revision > kNewestRevision)
      return Error{ErrorCode::kUnsupported,
                   text(file_.name, ": WhisperSpec: expected a revision of at most ",
                        kNewestRevision, ", found ", file_.revision)};
    NPU_TRY_ASSIGN(dims.heads, scalar("encoder/num_heads"));
    NPU_TRY_ASSIGN(const int decoder_heads, scalar("decoder/num_heads"));
    if (decoder_heads != dims.heads)
      return Error{ErrorCode::kBadModel,
                   text(file_.name, ": decoder/num_heads: expected ", dims.heads,
                        " as in the encoder, found ", decoder_heads)};
    return {};
  }

  // The whole tensor under `name`, with its scales.
  Result<StoredTensor> stored(const std::string& name) {
    const StoredTensor* found = file_.find(name);
    if (!found)
      return Error{ErrorCode::kBadModel,
                   text(file_.name, ": expected a tensor ", name, ", found none")};
    StoredTensor tensor = *found;
    used_.insert(tensor.name);
    if (tensor.type == TensorType::kI32)
      return Error{ErrorCode::kUnsupported,
                   text(file_.name, ": tensor ", printable(tensor.name),
                        ": expected f32, f16, bf16, int16 or int8, found packed int32 (AWQ)")};
    if (!needs_scale(tensor.type)) return tensor;
    const std::string scale_name = tensor.name + "_scale";
    const StoredTensor* scale = file_.find(scale_name);
    const size_t rows = tensor.shape.rank() ? tensor.shape[0] : 1;
    const bool per_row = scale && scale->shape == Shape{rows};
    const bool single = scale && scale->shape.elements() == 1;
    if (!scale || scale->type != TensorType::kF32 || !(per_row || single))
      return bad_file(file_.name, tensor.offset, type_name(tensor.type), " tensor ",
                      printable(tensor.name), ": expected ", printable(scale_name), " [", rows,
                      "] f32, found ", describe(scale));
    used_.insert(scale->name);
    tensor.scales = scale->data;
    return tensor;
  }

  static std::string describe(const StoredTensor* tensor) {
    return tensor ? text(tensor->shape, " ", type_name(tensor->type)) : "none";
  }

  Result<void> add(const WeightRef& ref) {
    const std::optional<StoredName> name = stored_name(kRules, kSuffixes, ref.name);
    if (!name)
      return Error{ErrorCode::kInternal, text("no CTranslate2 name for the tensor ", ref.name)};
    NPU_TRY_ASSIGN(StoredTensor whole, stored(name->name));
    ModelTensor tensor;
    if (name->parts == 1) {
      tensor.values = std::move(whole);
    } else {
      const size_t rows = ref.shape[0];
      const auto parts = static_cast<size_t>(name->parts);
      if (whole.shape.rank() != ref.shape.rank() || whole.shape[0] != rows * parts)
        return bad_file(file_.name, whole.offset, "tensor ", printable(whole.name), ": expected ",
                        parts, " times ", ref.shape, ", found ", whole.shape);
      tensor.values = tensor_rows(whole, rows * static_cast<size_t>(name->part), rows);
      // The K part of a fused bias precedes that of V.
      if (ref.name.ends_with(".value.bias"))
        tensor.zeros = tensor_rows(whole, rows * static_cast<size_t>(name->part - 1), rows);
    }
    contents_.tensors.emplace(ref.name, std::move(tensor));
    return {};
  }

  Result<void> tie_projection() {
    if (!file_.find(kProjection)) return {};
    if (file_.find(kProjection) == file_.find(kEmbedding)) return {};
    NPU_TRY_ASSIGN(StoredTensor projection, stored(kProjection));
    contents_.tensors.at("decoder.token_embedding.weight").twin = std::move(projection);
    return {};
  }

  // Everything else in the file: flags with the expected value; anything that would be left out of
  // the network is an error.
  Result<void> check_rest() const {
    for (const auto& [name, tensor] : file_.tensors) {
      if (used_.contains(name)) continue;
      if (tensor.shape.rank() != 0)
        return bad_file(file_.name, tensor.offset, "unexpected tensor ", printable(name), " ",
                        tensor.shape, ": Whisper has none of that name");
      const std::string flag = name.substr(name.find('/') + 1);
      const auto known = std::find_if(std::begin(kFlags), std::end(kFlags),
                                      [&](const Flag& row) { return row.name == flag; });
      if (known != std::end(kFlags)) {
        NPU_TRY_ASSIGN(const int value, scalar(name));
        if (value != known->expected)
          return Error{ErrorCode::kUnsupported,
                       text(file_.name, ": ", printable(name), ": expected ", known->expected,
                            " as Whisper has it, found ", value)};
      } else if (std::find(std::begin(kIgnored), std::end(kIgnored), flag) == std::end(kIgnored)) {
        log(LogLevel::kWarning, text(file_.name, ": ignoring the unknown flag ", printable(name)));
      }
    }
    return {};
  }

  const CTranslate2File& file_;
  ModelContents contents_;
  std::set<std::string> used_;
};

}  // namespace

Result<ModelContents> read_ctranslate2_model(const FileBytes& model) {
  NPU_TRY_ASSIGN(const CTranslate2File file, parse_ctranslate2(model));
  return Reader(file).read();
}

Result<std::optional<AlignmentHeads>> read_ctranslate2_config(const std::string& file,
                                                              std::string_view content,
                                                              const ModelDims& dims) {
  NPU_TRY_ASSIGN(const nlohmann::json config, parse_json(file, content));
  return json_alignment_heads(file, config, dims);
}

}  // namespace npu
