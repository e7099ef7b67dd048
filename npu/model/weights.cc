// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/weights.h"

namespace npu {
namespace {

// Appends the tensors of one kind of layer; `out` and `in` are its widths.
class Lister {
 public:
  void matrix(const std::string& name, size_t out, size_t in, bool bias = true) {
    refs_.push_back({name + ".weight", {out, in}});
    if (bias) refs_.push_back({name + ".bias", {out}});
  }
  void convolution(const std::string& name, size_t out, size_t in) {
    refs_.push_back({name + ".weight", {out, in, 3}});
    refs_.push_back({name + ".bias", {out}});
  }
  void norm(const std::string& name, size_t width) {
    refs_.push_back({name + ".weight", {width}});
    refs_.push_back({name + ".bias", {width}});
  }
  void table(const std::string& name, size_t rows, size_t width) {
    refs_.push_back({name, {rows, width}});
  }
  void attention(const std::string& name, size_t width) {
    matrix(name + ".query", width, width);
    matrix(name + ".key", width, width, /*bias=*/false);
    matrix(name + ".value", width, width);
    matrix(name + ".out", width, width);
  }
  void feed_forward(const std::string& block, size_t width, size_t inner) {
    matrix(block + "mlp.0", inner, width);
    matrix(block + "mlp.2", width, inner);
    norm(block + "mlp_ln", width);
  }
  std::vector<WeightRef> take() { return std::move(refs_); }

 private:
  std::vector<WeightRef> refs_;
};

}  // namespace

std::string encoder_block(int layer) {
  return "encoder.blocks." + std::to_string(layer) + ".";
}
std::string decoder_block(int layer) {
  return "decoder.blocks." + std::to_string(layer) + ".";
}

std::vector<WeightRef> expected_weights(const ModelDims& dims) {
  const auto width = static_cast<size_t>(dims.width);
  const auto inner = static_cast<size_t>(dims.feed_forward);
  Lister list;
  list.convolution("encoder.conv1", width, static_cast<size_t>(dims.mel_bands));
  list.convolution("encoder.conv2", width, width);
  list.table("encoder.positional_embedding", kAudioPositions, width);
  for (int layer = 0; layer < dims.encoder_layers; ++layer) {
    const std::string block = encoder_block(layer);
    list.norm(block + "attn_ln", width);
    list.attention(block + "attn", width);
    list.feed_forward(block, width, inner);
  }
  list.norm("encoder.ln_post", width);
  list.table("decoder.token_embedding.weight", static_cast<size_t>(dims.vocabulary), width);
  list.table("decoder.positional_embedding", kTextPositions, width);
  for (int layer = 0; layer < dims.decoder_layers; ++layer) {
    const std::string block = decoder_block(layer);
    list.norm(block + "attn_ln", width);
    list.attention(block + "attn", width);
    list.norm(block + "cross_attn_ln", width);
    list.attention(block + "cross_attn", width);
    list.feed_forward(block, width, inner);
  }
  list.norm("decoder.ln", width);
  return list.take();
}

}  // namespace npu
