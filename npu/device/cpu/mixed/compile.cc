// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/compile.h"

#include <algorithm>
#include <set>

namespace npu::cpu {
namespace {

// Which value an operation writes, if it is one that could spoil a postponed layer norm's input.
ValueId written(const Op& op) {
  return std::visit(
      [](const auto& kind) -> ValueId {
        if constexpr (requires { kind.out; })
          return kind.out;
        else
          return -1;
      },
      op);
}

// Whether an operation reads `value` other than as the input of a linear.
bool reads_otherwise(const Op& op, ValueId value) {
  struct Reads {
    ValueId value;
    bool operator()(const Convolution& op) const { return op.in == value; }
    bool operator()(const Linear& op) const { return op.residual == value; }
    bool operator()(const LayerNorm& op) const { return op.in == value; }
    bool operator()(const Attention& op) const { return is(op.q) || is(op.k) || is(op.v); }
    bool operator()(const SelfAttention& op) const { return is(op.q) || is(op.k) || is(op.v); }
    bool operator()(const StoreCross& op) const { return is(op.k) || is(op.v); }
    bool operator()(const CrossAttention& op) const { return is(op.q); }
    bool operator()(const Embed&) const { return false; }
    bool operator()(const Score& op) const { return is(op.in); }
    bool operator()(const AlignmentScores& op) const { return is(op.q); }
    bool is(ValueId id) const { return id == value; }
  };
  return std::visit(Reads{value}, op);
}

// The embedding, whose columns differ by a factor of 20, and which only meets rows of the table.
constexpr bool kEqualised = true;

class Compiler {
 public:
  Compiler(const OpList& list, Element element, MixedWeights& weights, WeightSource& source)
      : list_(list), element_(element), weights_(weights), source_(source) {}

  Result<void> add(size_t index) {
    index_ = index;
    return std::visit([&](const auto& op) { return add(op); }, list_.ops[index]);
  }

  MixedList take() {
    for (size_t step = 0; step < compiled_.steps.size(); ++step)
      if (auto* chain = std::get_if<Chain>(&compiled_.steps[step])) place_locals(*chain, step);
    for (const auto& stages : uses_) {
      std::set<ValueId> operands;
      for (const auto& values : stages)
        for (const ValueId id : values)
          if (!local_.contains(id)) operands.insert(id);
      compiled_.operands.emplace_back(operands.begin(), operands.end());
    }
    return std::move(compiled_);
  }

 private:
  // A layer norm that is done where the rows are prepared for the linear that reads it.
  struct Postponed {
    ValueId in, out;
    const FloatArray* gain;
    const FloatArray* bias;
  };

  Result<void> plain(const WeightRef& ref, const FloatArray*& to) {
    NPU_TRY_ASSIGN(to, weights_.plain(ref, source_));
    return {};
  }

  const Value& value(ValueId id) const { return list_.values[static_cast<size_t>(id)]; }

  // A step that is no chain.
  void step(MixedStep added, std::vector<ValueId> values) {
    prepared_.reset();
    compiled_.steps.push_back(std::move(added));
    uses_.push_back({std::move(values)});
  }

  // Appends to the chain at the end, or begins one if that has other rows.
  void stage(Stage added, std::vector<ValueId> values) {
    const int rows = value(values.front()).rows;
    auto* chain = compiled_.steps.empty() ? nullptr : std::get_if<Chain>(&compiled_.steps.back());
    if (!chain || chain->rows != rows) {
      prepared_.reset();
      compiled_.steps.emplace_back(Chain{rows, {}, {}, {}});
      chain = std::get_if<Chain>(&compiled_.steps.back());
      uses_.emplace_back();
    }
    chain->stages.push_back(std::move(added));
    uses_.back().push_back(std::move(values));
  }

  // The stage at the end if it is a product of the rows that are prepared now.
  ProductStage* last_product() {
    auto* chain = std::get_if<Chain>(&compiled_.steps.back());
    return chain ? std::get_if<ProductStage>(&chain->stages.back()) : nullptr;
  }

  bool postponable(const LayerNorm& op) const {
    if (!value(op.out).buffer.empty()) return false;
    bool spoilt = false;
    for (size_t i = index_ + 1; i < list_.ops.size(); ++i) {
      const Op& later = list_.ops[i];
      if (reads_otherwise(later, op.out)) return false;
      const auto* linear = std::get_if<Linear>(&later);
      if (linear && linear->in == op.out && spoilt) return false;
      spoilt |= written(later) == op.in;
    }
    return true;
  }

  Result<void> add(const LayerNorm& op) {
    Postponed norm{op.in, op.out, nullptr, nullptr};
    NPU_TRY(plain(op.gain, norm.gain));
    NPU_TRY(plain(op.bias, norm.bias));
    std::erase_if(norms_, [&](const Postponed& other) { return other.out == op.out; });
    if (postponable(op))
      norms_.push_back(norm);
    else
      stage(NormStage{op.in, op.out, norm.gain, norm.bias}, {op.in, op.out});
    if (prepared_ == op.out) prepared_.reset();
    return {};
  }

  // What goes into Attention and what comes out of it is multiplied in bfloat16: in 8 bits these
  // products lose as much as all others of the list together, of which they are a third.
  Element weight_element(const Linear& op) const {
    const auto touches = [&](const Op& other) {
      const auto* attention = std::get_if<Attention>(&other);
      return attention && (attention->q == op.out || attention->k == op.out ||
                           attention->v == op.out || attention->out == op.in);
    };
    return std::any_of(list_.ops.begin(), list_.ops.end(), touches) ? Element::kBf16 : element_;
  }

  // The row table has few rows, whose products wait for the weights to come from memory: there 16
  // bits cost next to nothing.
  static RowElement row_element(Element weights, int rows) {
    if (weights == Element::kBf16) return RowElement::kBf16;
    return rows == kTableRows ? RowElement::kInt16 : RowElement::kUint8;
  }

  // Has the rows of `in` prepared for such weights.
  void prepare(ValueId in, Element weights) {
    PrepareStage added{in, row_element(weights, value(in).rows), nullptr, nullptr};
    for (const Postponed& norm : norms_)
      if (norm.out == in) added = {norm.in, added.element, norm.gain, norm.bias};
    auto* chain = compiled_.steps.empty() ? nullptr : std::get_if<Chain>(&compiled_.steps.back());
    if (chain && chain->rows == value(in).rows && prepared_ == in && prepared_for_ == added.element)
      return;
    stage(added, {added.in});
    prepared_ = in;
    prepared_for_ = added.element;
    prepared_from_ = added.in;
  }

  Result<void> add(const Linear& op) {
    ProductPart part{op.out, nullptr, nullptr};
    const Element element = weight_element(op);
    NPU_TRY_ASSIGN(part.matrix, weights_.matrix(op.weight, element, source_));
    if (op.bias) NPU_TRY(plain(*op.bias, part.bias));
    prepare(op.in, element);
    std::vector<ValueId> values{op.out};
    if (op.residual) values.push_back(*op.residual);
    auto* before = last_product();
    if (before && !before->residual && !op.residual && before->gelu == op.gelu &&
        std::none_of(before->parts.begin(), before->parts.end(),
                     [&](const ProductPart& other) { return other.out == op.out; })) {
      before->parts.push_back(part);
      uses_.back().back().push_back(op.out);
    } else {
      stage(ProductStage{{part}, op.gelu, op.residual}, std::move(values));
    }
    if (op.out == prepared_from_ || op.out == prepared_) prepared_.reset();
    return {};
  }

  Result<void> add(const Convolution& op) {
    ConvolutionStep added{op, nullptr, nullptr, nullptr};
    NPU_TRY_ASSIGN(added.matrix, weights_.matrix(op.weight, Element::kBf16, source_));
    NPU_TRY(plain(op.bias, added.bias));
    if (op.positions) NPU_TRY(plain(*op.positions, added.positions));
    step(added, {op.in, op.out});
    return {};
  }
  Result<void> add(const Attention& op) {
    stage(QueryStage{op.q, op.heads}, {op.q});
    stage(KeyValueStage{op.k, op.v, op.heads}, {op.k, op.v});
    step(op, {op.out});
    return {};
  }
  Result<void> add(const StoreCross& op) {
    stage(CrossStage{op.k, op.v, op.layer}, {op.k, op.v});
    return {};
  }
  Result<void> add(const SelfAttention& op) {
    step(op, {op.q, op.k, op.v, op.out});
    return {};
  }
  Result<void> add(const CrossAttention& op) {
    step(op, {op.q, op.out});
    return {};
  }
  Result<void> add(const AlignmentScores& op) {
    step(op, {op.q});
    return {};
  }
  Result<void> add(const Embed& op) {
    EmbedStep added{op.out, nullptr, nullptr};
    NPU_TRY_ASSIGN(added.tokens, weights_.matrix(op.tokens, element_, source_, kEqualised));
    NPU_TRY(plain(op.positions, added.positions));
    step(added, {op.out});
    return {};
  }
  Result<void> add(const Score& op) {
    ScoreStep added{op.in, nullptr};
    NPU_TRY_ASSIGN(added.tokens, weights_.matrix(op.tokens, element_, source_, kEqualised));
    step(added, {op.in});
    return {};
  }

  // Values of a chain on fixed rows that no other step needs.
  void place_locals(Chain& chain, size_t step) {
    chain.local.resize(list_.values.size());
    if (chain.rows == kTableRows) return;
    std::vector<size_t> sizes(list_.values.size());
    for (const auto& values : uses_[step])
      for (const ValueId id : values) {
        if (!value(id).buffer.empty() || used_outside(id, step)) continue;
        chain.local[static_cast<size_t>(id)] = true;
        local_.insert(id);
        Value block = value(id);
        block.rows = static_cast<int>(kBlockRows);
        sizes[static_cast<size_t>(id)] = arena_size(block, 0);
      }
    chain.locals = place_values(uses_[step], sizes);
  }

  bool used_outside(ValueId id, size_t step) const {
    for (size_t other = 0; other < uses_.size(); ++other)
      for (const auto& values : uses_[other])
        if (other != step && std::find(values.begin(), values.end(), id) != values.end())
          return true;
    return false;
  }

  const OpList& list_;
  Element element_;
  MixedWeights& weights_;
  WeightSource& source_;
  size_t index_ = 0;
  MixedList compiled_;
  std::vector<std::vector<std::vector<ValueId>>> uses_;  // by step, stage
  std::vector<Postponed> norms_;
  std::optional<ValueId> prepared_;  // whose rows are prepared at the end of the last chain
  RowElement prepared_for_ = RowElement::kBf16;  // what they are
  ValueId prepared_from_ = -1;                   // what they were computed from
  std::set<ValueId> local_;
};

}  // namespace

Result<MixedList> compile_list(const OpList& list, Element element, MixedWeights& weights,
                               WeightSource& source, const std::function<Result<void>()>& done) {
  Compiler compiler(list, element, weights, source);
  for (size_t index = 0; index < list.ops.size(); ++index) {
    NPU_TRY(compiler.add(index));
    NPU_TRY(done());
  }
  return compiler.take();
}

}  // namespace npu::cpu
