// SPDX-License-Identifier: LGPL-2.1-or-later
// Who makes and who reads each activation of the lists, by names that outlive a list.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/op_list.h"
#include "result.h"

namespace npu::quantised {

// A weight's canonical name without ".weight".
std::string short_name(const WeightRef& ref);

// A linear or convolution as a maker and reader of activations.
struct Product {
  std::string name;
  WeightRef weight;
  std::optional<WeightRef> bias;
  std::string in;  // name of the activation that it reads
  bool gelu = false;
  bool residual = false;               // its result goes into the residual stream
  std::optional<WeightRef> positions;  // that the stream starts from
  bool into_basis = false;  // no weights of the model's: puts its input into the stream's basis
};

struct NormUse {
  std::string name;
  WeightRef gain, bias;
  std::string in;  // what the residual stream was last made by
};

// q, k and v by the names of the products that make them.
struct AttentionUse {
  std::string q, k, v;
  int heads = 0;
  std::string name() const { return q + "/attended"; }
};

struct Graph {
  std::map<std::string, Product> products;
  std::map<std::string, NormUse> norms;
  std::vector<AttentionUse> attentions;
  // What makes each residual stream and adds to it, in order.
  std::vector<std::vector<std::string>> residuals;
  std::optional<WeightRef> vocabulary;  // of Embed and Score
  std::string score_in;
  WeightRef positions;  // of Embed
  std::string encoded;  // the activation that the cross keys are made of

  // Whether an activation is the result of an attention; or q, k or v of one.
  bool is_attended(const std::string& name) const;
  bool is_head(const std::string& name) const;
};

// What a convolution makes that goes into a stream, in the stream's basis.
std::string in_stream(const std::string& convolution);

// Errors: kUnsupported (lists that are not a Whisper's).
Result<Graph> read_graph(std::span<const OpList* const> lists);

}  // namespace npu::quantised
