// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/steps.h"

#include <algorithm>
#include <map>
#include <optional>

#include "matmul/matmul.h"
#include "quantised/graph.h"

namespace npu::array {
namespace {

using kernels::kObjectK;
using kernels::kTile;
using kernels::Op;
using quantised::Input;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

size_t padded(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// What the readers of a recorded value want it to be.
enum class Role { kProductInput, kFineInput, kStream, kQuery, kKeys, kValues };

// What is known of a recorded value before its maker is reached.
struct Wanted {
  Role role = Role::kProductInput;
  std::optional<Home> cache;  // of K and V that go into one
  int layer = 0;
};

class Compiler {
 public:
  Compiler(const quantised::Network& network, const OpList& list)
      : network_(network),
        list_(list),
        wanted_(list.values.size()),
        current_(list.values.size(), -1),
        makers_(list.values.size()) {
    made_.name = list.name;
    // The features alone have more rows.
    for (const Value& value : list.values)
      if (value.rows != kTableRows)
        made_.positions =
            made_.positions == 0 ? size(value.rows) : std::min(made_.positions, size(value.rows));
  }

  Result<ArrayList> compile() {
    for (const ::npu::Op& op : list_.ops)
      NPU_TRY(std::visit([&](const auto& kind) { return look(kind); }, op));
    for (const ::npu::Op& op : list_.ops) {
      NPU_TRY(std::visit([&](const auto& kind) { return take(kind); }, op));
      follows_linear_ = std::holds_alternative<Linear>(op);
    }
    return std::move(made_);
  }

 private:
  // Parameters.
  template <typename T>
  Result<const T*> parameters(const std::map<std::string, T>& of, const std::string& name) const {
    const auto found = of.find(name);
    if (found == of.end())
      return Error{ErrorCode::kUnsupported,
                   text("list ", list_.name, ": the prepared model has no ", name)};
    return &found->second;
  }
  Result<const quantised::Matrix*> matrix(const std::string& name, size_t rows, size_t cols) const {
    NPU_TRY_ASSIGN(const quantised::Matrix* found, parameters(network_.matrices, name));
    if (found->rows != rows || found->cols != cols)
      return Error{ErrorCode::kUnsupported,
                   text(name, ": expected ", rows, " x ", cols, ", found ", found->rows, " x ",
                        found->cols, " in the prepared model")};
    return found;
  }
  Error unsupported(const char* expected, const std::string& found) const {
    return Error{ErrorCode::kUnsupported,
                 text("list ", list_.name, ": expected ", expected, ", found ", found)};
  }

  // What a product reads has the form that its matrix was made for.
  Result<void> check_input(int in, const quantised::Matrix& matrix, const std::string& name) const {
    if (is_fine(made_.value(in).layout) == (matrix.input == Input::kFine)) return {};
    return unsupported(matrix.input == Input::kFine ? "an input of 12 bits" : "an input of 8 bits",
                       name + " after another");
  }

  // First pass: what values are read as.
  Wanted& wanted(ValueId id) { return wanted_[size(id)]; }
  Result<void> reads(ValueId in, const std::string& name, size_t rows, size_t cols) {
    NPU_TRY_ASSIGN(const quantised::Matrix* read, matrix(name, rows, cols));
    wanted(in).role = read->input == Input::kFine ? Role::kFineInput : Role::kProductInput;
    return {};
  }
  void keys(ValueId k, ValueId v, std::optional<Home> cache, int layer) {
    wanted(k) = {Role::kKeys, cache, layer};
    wanted(v) = {Role::kValues, cache, layer};
  }
  Result<void> look(const Convolution& op) {
    if (op.positions) wanted(op.out).role = Role::kStream;
    return reads(op.in, quantised::short_name(op.weight), op.weight.shape[0],
                 op.weight.shape[1] * op.weight.shape[2]);
  }
  Result<void> look(const Linear& op) {
    if (op.residual) wanted(op.out).role = Role::kStream;
    return reads(op.in, quantised::short_name(op.weight), op.weight.shape[0], op.weight.shape[1]);
  }
  Result<void> look(const LayerNorm& op) {
    wanted(op.in).role = Role::kStream;
    return {};
  }
  Result<void> look(const Attention& op) {
    wanted(op.q).role = Role::kQuery;
    keys(op.k, op.v, std::nullopt, 0);
    return {};
  }
  Result<void> look(const SelfAttention& op) {
    wanted(op.q).role = Role::kQuery;
    keys(op.k, op.v, Home::kSelf, op.layer);
    return {};
  }
  Result<void> look(const StoreCross& op) {
    keys(op.k, op.v, Home::kCross, op.layer);
    return {};
  }
  Result<void> look(const CrossAttention& op) {
    wanted(op.q).role = Role::kQuery;
    return {};
  }
  Result<void> look(const AlignmentScores& op) {
    wanted(op.q).role = Role::kQuery;
    return {};
  }
  Result<void> look(const Embed& op) {
    wanted(op.out).role = Role::kStream;
    return {};
  }
  Result<void> look(const Score& op) {
    return reads(op.in, quantised::short_name(op.tokens), op.tokens.shape[0], op.tokens.shape[1]);
  }

  // Values.
  bool is_table(ValueId id) const { return list_.values[size(id)].rows == kTableRows; }
  size_t cols(ValueId id) const { return size(list_.values[size(id)].cols); }
  RowForm form_of(ValueId id) const {
    if (is_table(id)) return {kDecodeRows, true};
    return {static_cast<uint32_t>(padded(size(list_.values[size(id)].rows), kRoundRows)), false};
  }
  int add(ArrayValue value) {
    made_.values.push_back(std::move(value));
    return static_cast<int>(made_.values.size()) - 1;
  }
  Layout layout_of(Role role, bool narrow) const {
    switch (role) {
      case Role::kProductInput:
      case Role::kQuery:
        return narrow ? Layout::kNarrow : Layout::kT64;
      case Role::kFineInput:
        return narrow ? Layout::kNarrowFine : Layout::kFine;
      case Role::kStream:
        return narrow ? Layout::kNarrowResidual : Layout::kResidual;
      case Role::kKeys:
        return narrow ? Layout::kCacheRows : Layout::kKeys;
      case Role::kValues:
        return narrow ? Layout::kCacheRows : Layout::kValues;
    }
    return Layout::kT64;
  }
  // A new value in place of a recorded one.
  int make(ValueId id, Layout layout) {
    const Value& value = list_.values[size(id)];
    ArrayValue made{layout, Home::kTemporary, form_of(id).rows, size(value.cols)};
    if (!value.buffer.empty()) {
      made.home = Home::kHost;
      made.name = value.buffer;
    }
    return current_[size(id)] = add(std::move(made));
  }
  // What was last made of it; if nothing was, it lives in the host's buffer.
  int read(ValueId id) {
    int& current = current_[size(id)];
    if (current >= 0) return current;
    return make(id, layout_of(wanted(id).role, is_table(id)));
  }
  // K and V of a layer's cache, or of a product's own.
  int keys_value(ValueId id, bool narrow) {
    const Wanted& of = wanted(id);
    const bool is_values = of.role == Role::kValues;
    // V follows K in their block.
    if (is_values && last_keys_ >= 0) return std::exchange(last_keys_, -1);
    ArrayValue keys{narrow ? Layout::kCacheRows : Layout::kKeys,
                    of.cache.value_or(Home::kTemporary), form_of(id).rows, cols(id)};
    keys.layer = of.layer;
    return last_keys_ = add(std::move(keys));
  }

  // Second pass: steps.
  ArrayStep& step(Op op, const RowForm& form) {
    ArrayStep& made = made_.steps.emplace_back();
    made.op = op;
    made.form = form;
    return made;
  }
  Result<void> take(const Convolution& op);
  Result<void> take(const Linear& op);
  Result<void> take(const LayerNorm& op);
  Result<void> take(const Attention& op) {
    return attend(Op::kAttention, op.q, op.heads, current_[size(op.k)], op.out);
  }
  Result<void> take(const SelfAttention& op) {
    return attend(Op::kAttention, op.q, op.heads, current_[size(op.k)], op.out);
  }
  Result<void> take(const CrossAttention& op) {
    return attend(Op::kAttention, op.q, op.heads, cross_keys(op.q, op.layer), op.out);
  }
  Result<void> take(const AlignmentScores& op) {
    return attend(Op::kAlignment, op.q, op.heads, cross_keys(op.q, op.layer), std::nullopt);
  }
  Result<void> take(const StoreCross&) { return {}; }
  Result<void> take(const Embed& op) {
    const int rows = make(op.out, Layout::kNarrowResidual);
    made_.values[size(rows)].home = Home::kHost;
    made_.values[size(rows)].name = kTokenRows;
    return {};
  }
  Result<void> take(const Score& op);

  int cross_keys(ValueId q, int layer) {
    ArrayValue keys{Layout::kKeys, Home::kCross, 0, cols(q)};
    keys.layer = layer;
    return add(std::move(keys));
  }
  Result<void> attend(Op op, ValueId q, int heads, int keys, std::optional<ValueId> out);

  const quantised::Network& network_;
  const OpList& list_;
  std::vector<Wanted> wanted_;
  std::vector<int> current_;         // value that stands for a recorded one now
  std::vector<std::string> makers_;  // of queries
  int last_keys_ = -1;               // whose V is still to come
  bool follows_linear_ = false;
  ArrayList made_;
};

Result<void> Compiler::take(const Linear& op) {
  const std::string name = quantised::short_name(op.weight);
  NPU_TRY_ASSIGN(const quantised::Matrix* read,
                 matrix(name, op.weight.shape[0], op.weight.shape[1]));
  makers_[size(op.out)] = name;
  const int in = this->read(op.in);
  NPU_TRY(check_input(in, *read, name));
  const Role role = wanted(op.out).role;
  const bool fine = role == Role::kFineInput, narrow = is_table(op.in);
  if (fine && !op.gelu) return unsupported("12 bits of GELU or attention only", name);
  const int residual = op.residual ? this->read(*op.residual) : -1;
  const Layout layout = layout_of(role, narrow);
  const bool is_keys = role == Role::kKeys || role == Role::kValues;
  if (role == Role::kValues && last_keys_ < 0) return unsupported("keys before values", name);
  const int out =
      is_keys ? (current_[size(op.out)] = keys_value(op.out, narrow)) : make(op.out, layout);
  const bool joins = follows_linear_ && !op.gelu && residual < 0 && made_.steps.back().in == in &&
                     made_.steps.back().residual < 0 &&
                     !made_.steps.back().parts.front().matrix->gelu;
  ArrayStep& to = joins ? made_.steps.back() : step(Op::kMatmul, form_of(op.in));
  to.in = in;
  to.residual = residual;
  to.parts.push_back({name, read, out, layout});
  return {};
}

// The first convolution makes what the second one reads: three matrices, one behind the other
// (host_values.h).
Result<void> Compiler::take(const Convolution& op) {
  constexpr uint32_t kTaps = 3;
  const std::string name = quantised::short_name(op.weight);
  NPU_TRY_ASSIGN(const quantised::Matrix* read,
                 matrix(name, op.weight.shape[0], op.weight.shape[1] * op.weight.shape[2]));
  const bool first = op.stride == 1 && !op.positions && current_[size(op.in)] < 0;
  const bool second = op.stride == 2 && op.positions && current_[size(op.in)] >= 0;
  if (!op.gelu || (!first && !second))
    return unsupported("a convolution of stride 1, then one of stride 2 with positions", name);
  const RowForm rows{static_cast<uint32_t>(padded(made_.positions, kRoundRows)), false};
  if (first) {
    const RowForm three{kTaps * rows.rows, false};
    const int in = this->read(op.in);
    NPU_TRY(check_input(in, *read, name));
    const int out = make(op.out, layout_of(wanted(op.out).role, false));
    for (const int id : {in, out}) made_.values[size(id)].rows = three.rows;
    made_.values[size(in)].columns = read->cols;
    ArrayStep& to = step(Op::kMatmul, three);
    to.in = in;
    to.zero_first_row = true;
    to.parts.push_back({name, read, out, made_.values[size(out)].layout});
    return {};
  }
  const std::string stream = quantised::in_stream(name);
  NPU_TRY_ASSIGN(const quantised::Matrix* into,
                 matrix(stream, op.weight.shape[0], op.weight.shape[0]));
  const std::string positions = quantised::short_name(*op.positions);
  NPU_TRY_ASSIGN(const std::vector<int16_t>* table, parameters(network_.positions, positions));
  const int convolved =
      add({layout_of(into->input == Input::kFine ? Role::kFineInput : Role::kProductInput, false),
           Home::kTemporary, rows.rows, into->cols});
  NPU_TRY(check_input(current_[size(op.in)], *read, name));
  ArrayStep& to = step(Op::kMatmul, rows);
  to.in = current_[size(op.in)];
  to.taps = kTaps;
  to.parts.push_back({name, read, convolved, made_.values[size(convolved)].layout});

  ArrayValue start{Layout::kResidual, Home::kTable, rows.rows, into->rows, positions};
  start.table = table;
  const int residual = add(std::move(start));
  const int out = make(op.out, Layout::kResidual);
  ArrayStep& add_to = step(Op::kMatmul, rows);
  add_to.in = convolved;
  add_to.residual = residual;
  add_to.parts.push_back({stream, into, out, Layout::kResidual});
  return {};
}

Result<void> Compiler::take(const LayerNorm& op) {
  const std::string name = quantised::short_name(op.gain);
  NPU_TRY_ASSIGN(const quantised::Norm* norm, parameters(network_.norms, name));
  if (norm->gamma.size() != cols(op.in) || norm->gamma.size() % kTile != 0)
    return unsupported("layer norms over whole tiles of 64 channels", name);
  const int in = this->read(op.in);
  const Role role = norm->output == Input::kFine ? Role::kFineInput : Role::kProductInput;
  const int out = make(op.out, layout_of(role, is_table(op.in)));
  ArrayStep& to = step(Op::kLayerNorm, form_of(op.in));
  to.name = name;
  to.norm = norm;
  to.in = in;
  to.out = out;
  return {};
}

Result<void> Compiler::attend(Op op, ValueId q, int heads, int keys, std::optional<ValueId> out) {
  const std::string& name = makers_[size(q)];
  NPU_TRY_ASSIGN(const quantised::Attention* attention, parameters(network_.attentions, name));
  if (cols(q) != size(heads) * kTile || attention->mult.size() != size(heads))
    return unsupported("heads of 64 columns", text(cols(q), " columns for ", heads, " heads"));
  if (keys < 0) return unsupported("keys and values that products make", name);
  const Role role = attention->output == Input::kFine ? Role::kFineInput : Role::kProductInput;
  const int result = out ? make(*out, layout_of(role, is_table(q))) : -1;
  ArrayStep& to = step(op, form_of(q));
  if (op == Op::kAlignment) to.form.narrow = false;
  to.name = name;
  to.attention = attention;
  to.in = this->read(q);
  to.out = result;
  to.keys = keys;
  return {};
}

Result<void> Compiler::take(const Score& op) {
  const std::string name = quantised::short_name(op.tokens);
  NPU_TRY_ASSIGN(const quantised::Matrix* tokens,
                 matrix(name, op.tokens.shape[0], op.tokens.shape[1]));
  const int in = this->read(op.in);
  NPU_TRY(check_input(in, *tokens, name));
  ArrayValue& scored = made_.values[size(in)];
  scored.home = Home::kHost;
  scored.name = kScored;
  ArrayStep& to = step(Op::kMatmul, form_of(op.in));
  to.in = in;
  to.parts.push_back({name, tokens, -1, Layout::kLogits});
  return {};
}

}  // namespace

Result<ArrayList> array_steps(const quantised::Network& network, const OpList& list) {
  return Compiler(network, list).compile();
}

}  // namespace npu::array
