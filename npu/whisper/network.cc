// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/network.h"

#include "model/weights.h"

namespace npu {
namespace {

// Records operations that read like the reference's modules; each method appends to the list and
// returns the value it makes.
class Recorder {
 public:
  Recorder(std::string name, const ModelDims& dims, int rows) : dims_(dims), rows_(rows) {
    list_.name = std::move(name);
  }

  ValueId value(int rows, int cols, const char* buffer = "") {
    list_.values.push_back({rows, cols, buffer});
    return static_cast<ValueId>(list_.values.size()) - 1;
  }

  ValueId convolution(ValueId in, const std::string& name, int in_cols, int stride,
                      std::optional<WeightRef> positions = std::nullopt) {
    const int rows = list_.values[static_cast<size_t>(in)].rows / stride;
    const ValueId out = value(rows, dims_.width);
    list_.ops.push_back(
        Convolution{in, out, WeightRef{name + ".weight", {width(), size(in_cols), 3}},
                    vector(name + ".bias"), stride, /*gelu=*/true, std::move(positions)});
    return out;
  }

  ValueId norm(ValueId in, const std::string& name, const char* buffer = "") {
    const ValueId out = value(rows_, dims_.width, buffer);
    list_.ops.emplace_back(LayerNorm{in, out, vector(name + ".weight"), vector(name + ".bias")});
    return out;
  }

  ValueId linear(ValueId in, const std::string& name, bool bias = true) {
    const ValueId out = value(rows_, dims_.width);
    append_linear(in, out, name, dims_.width, dims_.width, bias, false, std::nullopt);
    return out;
  }

  // x += in W^T + b
  void add_linear(ValueId in, const std::string& name, ValueId x) {
    append_linear(in, x, name, dims_.width, dims_.width, true, false, x);
  }

  // x += W2 gelu(W1 norm(x))
  void feed_forward(ValueId x, const std::string& block) {
    const ValueId normed = norm(x, block + "mlp_ln");
    const ValueId inner = value(rows_, dims_.feed_forward);
    append_linear(normed, inner, block + "mlp.0", dims_.feed_forward, dims_.width, true, true,
                  std::nullopt);
    append_linear(inner, x, block + "mlp.2", dims_.width, dims_.feed_forward, true, false, x);
  }

  struct Qkv {
    ValueId q, k, v;
  };
  Qkv qkv(ValueId in, const std::string& attention) {
    return {linear(in, attention + ".query"), linear(in, attention + ".key", /*bias=*/false),
            linear(in, attention + ".value")};
  }

  template <typename AnyOp>
  void append(AnyOp op) {
    list_.ops.emplace_back(std::move(op));
  }
  WeightRef table(const std::string& name, int rows) const { return {name, {size(rows), width()}}; }
  OpList take() { return std::move(list_); }

 private:
  static size_t size(int extent) { return static_cast<size_t>(extent); }
  size_t width() const { return size(dims_.width); }
  WeightRef vector(const std::string& name) const { return {name, {width()}}; }

  void append_linear(ValueId in, ValueId out, const std::string& name, int out_cols, int in_cols,
                     bool bias, bool gelu, std::optional<ValueId> residual) {
    Linear op{in,           out,  WeightRef{name + ".weight", {size(out_cols), size(in_cols)}},
              std::nullopt, gelu, residual};
    if (bias) op.bias = WeightRef{name + ".bias", {size(out_cols)}};
    list_.ops.emplace_back(std::move(op));
  }

  const ModelDims& dims_;
  int rows_;
  OpList list_;
};

OpList encoder_list(const ModelDims& dims, int positions) {
  Recorder r("encoder", dims, positions);
  const ValueId mel = r.value(positions * kFramesPerPosition, dims.mel_bands, kMelBuffer);
  const ValueId first = r.convolution(mel, "encoder.conv1", dims.mel_bands, 1);
  const ValueId x = r.convolution(first, "encoder.conv2", dims.width, 2,
                                  r.table("encoder.positional_embedding", kAudioPositions));
  for (int layer = 0; layer < dims.encoder_layers; ++layer) {
    const std::string block = encoder_block(layer);
    const auto [q, k, v] = r.qkv(r.norm(x, block + "attn_ln"), block + "attn");
    const ValueId attended = r.value(positions, dims.width);
    r.append(Attention{q, k, v, attended, dims.heads});
    r.add_linear(attended, block + "attn.out", x);
    r.feed_forward(x, block);
  }
  r.norm(x, "encoder.ln_post", kEncodedBuffer);
  return r.take();
}

OpList cross_kv_list(const ModelDims& dims, int positions) {
  Recorder r("cross_kv", dims, positions);
  const ValueId encoded = r.value(positions, dims.width, kEncodedBuffer);
  for (int layer = 0; layer < dims.decoder_layers; ++layer) {
    const std::string attention = decoder_block(layer) + "cross_attn";
    const ValueId k = r.linear(encoded, attention + ".key", /*bias=*/false);
    const ValueId v = r.linear(encoded, attention + ".value");
    r.append(StoreCross{k, v, layer});
  }
  return r.take();
}

std::vector<int> heads_of_layer(const AlignmentHeads& heads, int layer) {
  std::vector<int> chosen;
  for (const auto& [of_layer, head] : heads)
    if (of_layer == layer) chosen.push_back(head);
  return chosen;
}

// `alignment` is empty for the plain decode step.
OpList decode_list(const ModelDims& dims, const char* name, const AlignmentHeads& alignment) {
  Recorder r(name, dims, kTableRows);
  const WeightRef tokens = r.table("decoder.token_embedding.weight", dims.vocabulary);
  const ValueId x = r.value(kTableRows, dims.width);
  r.append(Embed{x, tokens, r.table("decoder.positional_embedding", kTextPositions)});
  for (int layer = 0; layer < dims.decoder_layers; ++layer) {
    const std::string block = decoder_block(layer);
    const auto [q, k, v] = r.qkv(r.norm(x, block + "attn_ln"), block + "attn");
    const ValueId self = r.value(kTableRows, dims.width);
    r.append(SelfAttention{q, k, v, self, dims.heads, layer});
    r.add_linear(self, block + "attn.out", x);

    const ValueId cross_q =
        r.linear(r.norm(x, block + "cross_attn_ln"), block + "cross_attn.query");
    if (auto chosen = heads_of_layer(alignment, layer); !chosen.empty())
      r.append(AlignmentScores{cross_q, layer, dims.heads, std::move(chosen)});
    const ValueId cross = r.value(kTableRows, dims.width);
    r.append(CrossAttention{cross_q, cross, dims.heads, layer});
    r.add_linear(cross, block + "cross_attn.out", x);
    r.feed_forward(x, block);
  }
  r.append(Score{r.norm(x, "decoder.ln"), tokens});
  return r.take();
}

}  // namespace

int fitting_positions(int frames) {
  const int wanted = (frames + kFramesPerPosition - 1) / kFramesPerPosition + kTailPositions;
  for (const int positions : kFewerPositions)
    if (wanted <= positions) return positions;
  return kAudioPositions;
}

size_t list_on_positions(WhisperList list, int positions) {
  for (size_t i = 0; i < std::size(kFewerPositions); ++i)
    if (kFewerPositions[i] == positions) return kFitting + 2 * i + (list == kCrossKv ? 1 : 0);
  return list;
}

std::vector<OpList> whisper_lists(const ModelDims& dims, const AlignmentHeads& heads) {
  std::vector<OpList> lists(kWhisperLists);
  const auto record = [&](int positions) {
    lists[list_on_positions(kEncoder, positions)] = encoder_list(dims, positions);
    lists[list_on_positions(kCrossKv, positions)] = cross_kv_list(dims, positions);
  };
  record(kAudioPositions);
  for (const int positions : kFewerPositions) record(positions);
  lists[kDecodeStep] = decode_list(dims, "decode_step", {});
  lists[kAlign] = decode_list(dims, "align", heads);
  return lists;
}

std::vector<const OpList*> whole_network(const std::vector<OpList>& lists) {
  return {&lists[kEncoder], &lists[kCrossKv], &lists[kDecodeStep]};
}

}  // namespace npu
