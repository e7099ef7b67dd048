// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/graph.h"

#include <algorithm>

namespace npu::quantised {
namespace {

constexpr std::string_view kWeight = ".weight";

class Reader {
 public:
  explicit Reader(Graph& graph) : graph_(graph) {}

  void read(const OpList& list) {
    graph_.residuals.emplace_back();
    makers_.assign(list.values.size(), "");
    values_ = &list.values;
    for (size_t id = 0; id < list.values.size(); ++id)
      if (const auto known = buffers_.find(list.values[id].buffer); known != buffers_.end())
        makers_[id] = known->second;
    for (const Op& op : list.ops) std::visit([&](const auto& kind) { take(kind); }, op);
  }

  Result<void> join_cross() {
    for (auto& [layer, use] : cross_) {
      if (use.q.empty() || use.k.empty())
        return Error{ErrorCode::kUnsupported, text("cross-attention of layer ", layer,
                                                   ": expected queries and stored keys")};
      graph_.attentions.push_back(use);
    }
    return {};
  }

 private:
  std::string& maker(ValueId id) { return makers_[static_cast<size_t>(id)]; }
  void made(ValueId id, const std::string& name) {
    maker(id) = name;
    const std::string& buffer = (*values_)[static_cast<size_t>(id)].buffer;
    if (!buffer.empty()) buffers_[buffer] = name;
  }

  void take(const Convolution& op) {
    const std::string name = short_name(op.weight);
    graph_.products[name] = {name, op.weight, op.bias, maker(op.in), op.gelu, false, std::nullopt};
    made(op.out, name);
    if (!op.positions) return;
    // GELU is done with channels as they are.
    const std::string stream = in_stream(name);
    graph_.products[stream] = {stream, op.weight, std::nullopt, name,
                               false,  true,      op.positions, true};
    graph_.residuals.back().push_back(stream);
    made(op.out, stream);
  }
  void take(const Linear& op) {
    const std::string name = short_name(op.weight);
    graph_.products[name] = {
        name, op.weight, op.bias, maker(op.in), op.gelu, op.residual.has_value(), std::nullopt};
    made(op.out, name);
    if (op.residual) graph_.residuals.back().push_back(name);
  }
  void take(const LayerNorm& op) {
    const std::string name = short_name(op.gain);
    graph_.norms[name] = {name, op.gain, op.bias, maker(op.in)};
    made(op.out, name);
  }
  template <typename Any>
  void attend(const Any& op) {
    const AttentionUse use{maker(op.q), maker(op.k), maker(op.v), op.heads};
    graph_.attentions.push_back(use);
    made(op.out, use.name());
  }
  void take(const Attention& op) { attend(op); }
  void take(const SelfAttention& op) { attend(op); }
  void take(const StoreCross& op) {
    cross_[op.layer].k = maker(op.k);
    cross_[op.layer].v = maker(op.v);
    graph_.encoded = graph_.products[maker(op.k)].in;
  }
  void take(const CrossAttention& op) {
    AttentionUse& use = cross_[op.layer];
    use.q = maker(op.q);
    use.heads = op.heads;
    made(op.out, use.name());
  }
  void take(const Embed& op) {
    graph_.vocabulary = op.tokens;
    graph_.positions = op.positions;
    made(op.out, short_name(op.tokens));
    graph_.residuals.back().push_back(short_name(op.tokens));
  }
  void take(const Score& op) { graph_.score_in = maker(op.in); }
  void take(const AlignmentScores&) {}

  Graph& graph_;
  const std::vector<Value>* values_ = nullptr;
  std::vector<std::string> makers_;  // by value of the list that is read
  std::map<std::string, std::string> buffers_;
  std::map<int, AttentionUse> cross_;  // by layer
};

}  // namespace

bool Graph::is_attended(const std::string& name) const {
  return std::any_of(attentions.begin(), attentions.end(),
                     [&](const AttentionUse& use) { return use.name() == name; });
}

bool Graph::is_head(const std::string& name) const {
  return std::any_of(attentions.begin(), attentions.end(), [&](const AttentionUse& use) {
    return use.q == name || use.k == name || use.v == name;
  });
}

std::string in_stream(const std::string& convolution) {
  return convolution + "/stream";
}

std::string short_name(const WeightRef& ref) {
  std::string name = ref.name;
  if (name.ends_with(kWeight)) name.resize(name.size() - kWeight.size());
  return name;
}

Result<Graph> read_graph(std::span<const OpList* const> lists) {
  Graph graph;
  Reader reader(graph);
  for (const OpList* list : lists) reader.read(*list);
  NPU_TRY(reader.join_cross());
  if (!graph.vocabulary || graph.encoded.empty())
    return Error{ErrorCode::kUnsupported,
                 "quantisation: expected the lists of an encoder and a decoder with a vocabulary"};
  return graph;
}

}  // namespace npu::quantised
