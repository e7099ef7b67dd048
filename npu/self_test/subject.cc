// SPDX-License-Identifier: LGPL-2.1-or-later
#include "self_test/subject.h"

#include <cmath>

#include "model/dims.h"
#include "quantised/graph.h"
#include "quantised/network_file.h"
#include "quantised/quantise.h"
#include "whisper/network.h"

namespace npu {
namespace {

constexpr ModelDims kDims{80, 192, 3, 1, 1, 3000, 768};

// Uniform in [-1, 1).
class Uniform {
 public:
  explicit Uniform(const std::string& seed) {
    for (const char c : seed) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  float next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<float>(static_cast<int32_t>(state_ >> 32)) * 0x1p-31F;
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325U;
};

// Matrices that keep activations near 1, gains near 1, all else small.
class RandomWeights : public WeightSource {
 public:
  Result<void> read(const WeightRef& ref, std::span<float> out) override {
    const size_t rank = ref.shape.rank();
    const size_t inputs = rank < 2 ? 1 : ref.shape.elements() / ref.shape[0];
    const float size = rank < 2 ? 0.1F : 1.5F / std::sqrt(static_cast<float>(inputs));
    const float middle = rank == 1 && ref.name.ends_with(".weight") ? 1.0F : 0.0F;
    Uniform uniform(ref.name);
    for (float& value : out) value = middle + uniform.next() * size;
    return {};
  }
};

// Channels of many sizes, about those that such a network has.
quantised::ActivationStats ranges_of(const quantised::Graph& graph) {
  quantised::ActivationStats stats;
  const auto see = [&](const std::string& name, size_t channels) {
    constexpr size_t kRows = 32;
    Uniform uniform(name);
    std::vector<float> rows(kRows * channels);
    for (size_t c = 0; c < channels; ++c) {
      const float size = std::exp2(2 * uniform.next());
      for (size_t r = 0; r < kRows; ++r) rows[r * channels + c] = size * uniform.next();
    }
    stats.add(name, rows.data(), kRows, channels, channels);
  };
  const auto width = static_cast<size_t>(kDims.width);
  for (const auto& [name, product] : graph.products) see(name, product.weight.shape[0]);
  for (const auto& [name, norm] : graph.norms) see(name, norm.gain.shape[0]);
  for (const auto& use : graph.attentions) see(use.name(), width);
  see(quantised::short_name(*graph.vocabulary), width);
  return stats;
}

std::vector<OpList> lists_of(const ModelDims& dims, const AlignmentHeads& heads, int positions) {
  auto all = whisper_lists(dims, heads);
  return {all[list_on_positions(kEncoder, positions)], all[list_on_positions(kCrossKv, positions)],
          all[kDecodeStep], all[kAlign]};
}

}  // namespace

Result<SelfTestSubject> random_subject() {
  SelfTestSubject subject;
  subject.lists = lists_of(kDims, {{0, 0}, {0, 2}}, kFewerPositions[0]);
  std::vector<const OpList*> whole;
  for (const size_t list : {kTestEncoder, kTestCrossKv, kTestStep})
    whole.push_back(&subject.lists[list]);
  NPU_TRY_ASSIGN(const quantised::Graph graph, quantised::read_graph(whole));
  RandomWeights weights;
  NPU_TRY_ASSIGN(auto network, quantised::quantise(whole, weights, ranges_of(graph), {}, {}));
  subject.network = std::make_shared<const quantised::Network>(std::move(network));
  subject.name = text("random weights, width ", kDims.width, ", ", kDims.encoder_layers, " + ",
                      kDims.decoder_layers, " layers, ", kFewerPositions[0], " positions, ",
                      kDims.vocabulary, " tokens");
  return subject;
}

Result<SelfTestSubject> subject_of(const ModelFile& file) {
  const WeightIdentity identity = file.identity();
  const ModelDims dims = file.dims();
  NPU_TRY_ASSIGN(auto network,
                 quantised::read_network(quantised::prepared_file(identity), identity));
  return SelfTestSubject{identity.path,
                         lists_of(dims, default_alignment_heads(dims), kAudioPositions),
                         std::make_shared<const quantised::Network>(std::move(network))};
}

}  // namespace npu
