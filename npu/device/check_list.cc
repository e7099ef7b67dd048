// SPDX-License-Identifier: LGPL-2.1-or-later
#include <limits>
#include <map>

#include "device/check.h"

namespace npu {
namespace {

constexpr int kMostLayers = 1000;
constexpr int kMost = 1 << 24;  // rows or columns of anything

Shape shape_of(const Value& value) {
  return {static_cast<size_t>(value.rows), static_cast<size_t>(value.cols)};
}

// Checks the operations of one list; `what` says where the fault is.
class ListChecker {
 public:
  explicit ListChecker(const OpList& list) : list_(list) {}

  Result<void> check() {
    for (const Value& value : list_.values)
      if (value.rows < 0 || value.rows > kMost || value.cols < 1 || value.cols > kMost)
        return fault("value", "a shape", text(value.rows, " x ", value.cols));
    for (; op_ < list_.ops.size(); ++op_)
      NPU_TRY(std::visit([&](const auto& op) { return check(op); }, list_.ops[op_]));
    return {};
  }

 private:
  template <typename Expected, typename Found>
  Error fault(const char* what, const Expected& expected, const Found& found) const {
    return Error{ErrorCode::kUnsupported, text("list ", list_.name, ", operation ", op_, ", ", what,
                                               ": expected ", expected, ", found ", found)};
  }
  Result<void> equal(const char* what, const Shape& expected, const Shape& found) const {
    if (expected == found) return {};
    return fault(what, expected, found);
  }
  template <typename... Ids>
  Result<void> exist(Ids... ids) const {
    for (const ValueId id : {ids...})
      if (id < 0 || static_cast<size_t>(id) >= list_.values.size())
        return fault("value", text("an id below ", list_.values.size()), id);
    return {};
  }
  const Value& value(ValueId id) const { return list_.values[static_cast<size_t>(id)]; }
  size_t cols(ValueId id) const { return static_cast<size_t>(value(id).cols); }
  Result<void> table(ValueId id, bool wanted) const {
    if ((value(id).rows == kTableRows) == wanted) return {};
    return fault("rows", wanted ? "those of the row table" : "a fixed number", value(id).rows);
  }
  Result<void> heads(int count, ValueId id) const {
    if (count >= 1 && value(id).cols % count == 0) return {};
    return fault("heads", text("a divisor of ", value(id).cols), count);
  }
  Result<void> layer(int index) const {
    if (index >= 0 && index < kMostLayers) return {};
    return fault("layer", text("0..", kMostLayers - 1), index);
  }
  Result<void> same(const char* what, ValueId a, ValueId b) const {
    return equal(what, shape_of(value(a)), shape_of(value(b)));
  }
  Result<void> rank2(const WeightRef& weight, size_t width) const {
    if (weight.shape.rank() == 2 && weight.shape[1] == width) return {};
    return fault(weight.name.c_str(), text("[any, ", width, "]"), weight.shape);
  }

  Result<void> positions(const WeightRef& table, ValueId out) const {
    NPU_TRY(rank2(table, cols(out)));
    if (table.shape[0] >= shape_of(value(out))[0]) return {};
    return fault(table.name.c_str(), text("at least ", value(out).rows, " rows"), table.shape);
  }

  Result<void> check(const Convolution& op) const {
    NPU_TRY(exist(op.in, op.out));
    NPU_TRY(table(op.in, false));
    NPU_TRY(table(op.out, false));
    if (op.stride < 1 || (value(op.out).rows - 1) * op.stride >= value(op.in).rows)
      return fault("stride", "rows of the input for each output", op.stride);
    NPU_TRY(equal("weight", {cols(op.out), cols(op.in), 3}, op.weight.shape));
    NPU_TRY(equal("bias", {cols(op.out)}, op.bias.shape));
    return op.positions ? positions(*op.positions, op.out) : Result<void>();
  }
  Result<void> check(const Linear& op) const {
    NPU_TRY(exist(op.in, op.out, op.residual.value_or(op.out)));
    if (op.in == op.out) return fault("output", "another value than the input", op.out);
    if (value(op.in).rows != value(op.out).rows)
      return fault("rows", value(op.in).rows, value(op.out).rows);
    NPU_TRY(equal("weight", {cols(op.out), cols(op.in)}, op.weight.shape));
    if (op.bias) NPU_TRY(equal("bias", {cols(op.out)}, op.bias->shape));
    return op.residual ? same("residual", op.out, *op.residual) : Result<void>();
  }
  Result<void> check(const LayerNorm& op) const {
    NPU_TRY(exist(op.in, op.out));
    NPU_TRY(same("output", op.in, op.out));
    NPU_TRY(equal("gain", {cols(op.in)}, op.gain.shape));
    return equal("bias", {cols(op.in)}, op.bias.shape);
  }
  Result<void> check(const Attention& op) const {
    NPU_TRY(exist(op.q, op.k, op.v, op.out));
    NPU_TRY(table(op.q, false));
    NPU_TRY(table(op.k, false));
    NPU_TRY(same("output", op.q, op.out));
    NPU_TRY(same("values", op.k, op.v));
    if (cols(op.q) != cols(op.k)) return fault("keys", cols(op.q), cols(op.k));
    return heads(op.heads, op.q);
  }
  Result<void> check(const SelfAttention& op) const {
    NPU_TRY(exist(op.q, op.k, op.v, op.out));
    NPU_TRY(table(op.q, true));
    NPU_TRY(same("keys", op.q, op.k));
    NPU_TRY(same("values", op.q, op.v));
    NPU_TRY(same("output", op.q, op.out));
    NPU_TRY(layer(op.layer));
    return heads(op.heads, op.q);
  }
  Result<void> check(const StoreCross& op) const {
    NPU_TRY(exist(op.k, op.v));
    NPU_TRY(table(op.k, false));
    NPU_TRY(layer(op.layer));
    return same("values", op.k, op.v);
  }
  Result<void> check(const CrossAttention& op) const {
    NPU_TRY(exist(op.q, op.out));
    NPU_TRY(table(op.q, true));
    NPU_TRY(same("output", op.q, op.out));
    NPU_TRY(layer(op.layer));
    return heads(op.heads, op.q);
  }
  Result<void> check(const Embed& op) const {
    NPU_TRY(exist(op.out));
    NPU_TRY(table(op.out, true));
    NPU_TRY(rank2(op.tokens, cols(op.out)));
    return rank2(op.positions, cols(op.out));
  }
  Result<void> check(const Score& op) const {
    NPU_TRY(exist(op.in));
    NPU_TRY(table(op.in, true));
    return rank2(op.tokens, cols(op.in));
  }
  Result<void> check(const AlignmentScores& op) const {
    NPU_TRY(exist(op.q));
    NPU_TRY(table(op.q, true));
    NPU_TRY(layer(op.layer));
    NPU_TRY(heads(op.heads, op.q));
    for (const int head : op.chosen)
      if (head < 0 || head >= op.heads) return fault("head", text("0..", op.heads - 1), head);
    return {};
  }

  const OpList& list_;
  size_t op_ = 0;
};

// What must be the same in all lists, by name.
class Agreement {
 public:
  Result<void> add(const std::string& name, const Shape& shape) {
    const auto [known, added] = shapes_.emplace(name, shape);
    if (added || known->second == shape) return {};
    return Error{ErrorCode::kUnsupported,
                 text("lists disagree on ", name, ": ", known->second, " and ", shape)};
  }

 private:
  std::map<std::string, Shape> shapes_;
};

Result<void> check_cross(const OpList& list, const Op& op, Agreement& agreement) {
  const auto add = [&](int layer, ValueId q) {
    return agreement.add(text("the width of cross layer ", layer),
                         {static_cast<size_t>(list.values[static_cast<size_t>(q)].cols)});
  };
  const auto add_heads = [&](int layer, int heads) {
    return agreement.add(text("the heads of cross layer ", layer), {static_cast<size_t>(heads)});
  };
  if (const auto* store = std::get_if<StoreCross>(&op)) return add(store->layer, store->k);
  if (const auto* cross = std::get_if<CrossAttention>(&op)) {
    NPU_TRY(add(cross->layer, cross->q));
    return add_heads(cross->layer, cross->heads);
  }
  if (const auto* alignment = std::get_if<AlignmentScores>(&op)) {
    NPU_TRY(add(alignment->layer, alignment->q));
    return add_heads(alignment->layer, alignment->heads);
  }
  if (const auto* self = std::get_if<SelfAttention>(&op))
    return agreement.add(text("the width of self layer ", self->layer),
                         {static_cast<size_t>(list.values[static_cast<size_t>(self->q)].cols)});
  return {};
}

}  // namespace

Result<void> check_lists(std::span<const OpList> lists) {
  Agreement agreement;
  for (const OpList& list : lists) {
    NPU_TRY(ListChecker(list).check());
    for (const Value& value : list.values)
      if (!value.buffer.empty()) {
        NPU_TRY(agreement.add("the columns of buffer " + value.buffer,
                              {static_cast<size_t>(value.cols)}));
        NPU_TRY(agreement.add("whether buffer " + value.buffer + " has the rows of the table",
                              {value.rows == kTableRows ? size_t{1} : size_t{0}}));
      }
    for (const Op& op : list.ops) NPU_TRY(check_cross(list, op, agreement));
  }
  return {};
}

}  // namespace npu
