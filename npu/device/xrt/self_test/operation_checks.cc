// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/operation_checks.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numbers>

#include "device/xrt/command_streams.h"
#include "device/xrt/self_test/describe.h"
#include "quantised/floats.h"
#include "quantised/graph.h"

namespace npu::array {
namespace {

using kernels::Op;

// The driver ends a command that hangs after 2 s; a model of the array takes its time.
constexpr std::chrono::minutes kPatience{2};
// In one command each, however long it is predicted to take.
constexpr double kAnySeconds = 1e9;
constexpr size_t kConvolvedMatrices = 3;
// A score from its base-2 exponent with 8 fraction bits.
constexpr float kScoreUnit = std::numbers::ln2_v<float> / 256;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

}  // namespace

Result<std::unique_ptr<OperationChecks>> OperationChecks::create(const ArrayProgram& program,
                                                                 ExpectedValues& expected,
                                                                 const ContextLimits& limits,
                                                                 NpuReport& report) {
  auto checks =
      std::unique_ptr<OperationChecks>(new OperationChecks(program, expected, limits, report));
  NPU_TRY(checks->make_buffers());
  return checks;
}

Result<void> OperationChecks::make_buffers() {
  stored_.assign(size(limits_.cross_slots), 0);
  RunShape most;
  most.self_positions = size(limits_.self_positions);
  most.cross_positions = size(limits_.cross_positions);
  most.self_slots = size(limits_.self_slots);
  most.stored.assign(size(limits_.cross_slots), most.cross_positions);
  uint64_t activations = 0, host = 0;
  for (size_t list = 0; list < program_.lists().size(); ++list) {
    NPU_TRY_ASSIGN(const LoweredList lowered, program_.lowering().lower(list, most));
    activations = std::max(activations, lowered.activation_bytes);
    host = std::max(host, lowered.host_bytes);
    cross_bytes_ = std::max(cross_bytes_, lowered.cross_bytes);
    self_bytes_ = std::max(self_bytes_, lowered.self_bytes);
  }
  waste_ = activations;
  bytes_ = {{Buffer::kActivations, activations + kColumns * kWasteBytes},
            {Buffer::kHost, host},
            {Buffer::kCross, stored_.size() * cross_bytes_},
            {Buffer::kSelf, size(limits_.self_slots) * self_bytes_}};
  for (const auto& [buffer, bytes] : bytes_) {
    NPU_TRY_ASSIGN(buffers_[buffer],
                   program_.hardware().buffer(static_cast<Argument>(buffer), bytes, traffic_));
  }
  return {};
}

Result<void> OperationChecks::lower(Turn& turn) const {
  RunShape shape;
  shape.self_positions = size(limits_.self_positions);
  shape.cross_positions = size(limits_.cross_positions);
  if (!turn.rows.empty()) {
    shape.rows = turn.rows.size();
    shape.self_slots = chunk_.self_slots.size();
    shape.stored.clear();
    for (const int slot : chunk_.cross_slots) shape.stored.push_back(stored_[size(slot)]);
  } else {
    shape.stored = {shape.cross_positions};
  }
  NPU_TRY_ASSIGN(turn.lowered, program_.lowering().lower(turn.list, shape));
  return {};
}

Result<void> OperationChecks::encode(std::span<const float> features, Where where) {
  const OpList& recorded = program_.lists()[kTestEncoder];
  const Value& value = recorded.values[size(program_.facts(kTestEncoder).features->in)];
  NPU_TRY(expected_.context().write(value.buffer, features));
  NPU_TRY(expected_.run(kTestEncoder, {}));
  if (where == Where::kCpu) return {};
  Turn turn{kTestEncoder, "encoder", {}, 0, {}};
  NPU_TRY(lower(turn));
  const ArrayList& list = program_.array_list(kTestEncoder);
  std::vector<int16_t> steps(features.size());
  std::transform(features.begin(), features.end(), steps.begin(), quantised::feature_steps);
  put_mel(steps, size(value.rows), size(value.cols),
          list.value(list.steps.front().in).rows / kConvolvedMatrices,
          turn.lowered.host.at(value.buffer), buffers_[Buffer::kHost].host());
  NPU_TRY(buffers_[Buffer::kHost].to_device(0, bytes_[Buffer::kHost], traffic_));
  return check_all(turn);
}

Result<void> OperationChecks::store(int slot, Where where) {
  NPU_TRY(expected_.run(kTestCrossKv, {}, {}, slot));
  Turn turn{kTestCrossKv, "cross K,V", {}, slot, {}};
  NPU_TRY(lower(turn));
  stored_[size(slot)] = program_.array_list(kTestCrossKv).positions;
  if (where == Where::kNpu) return check_all(turn);
  std::string remark;
  Comparison ignored;
  for (const Operation& operation : turn.lowered.operations)
    for (const WantedMatrix& matrix : wanted(turn, operation, remark)) compare(matrix, ignored);
  return buffers_[Buffer::kCross].to_device(0, bytes_[Buffer::kCross], traffic_);
}

Result<void> OperationChecks::step(SelfTestList list, std::span<const Row> rows) {
  NPU_TRY(expected_.run(list, rows));
  take_chunk(rows, 0, chunk_);
  Turn turn{list,
            text("decode step, ", rows.size(), " rows, ", chunk_.self_slots.size(),
                 chunk_.self_slots.size() == 1 ? " history" : " histories"),
            rows,
            0,
            {}};
  NPU_TRY(lower(turn));
  put_rows(turn);
  check_embedding(turn);
  NPU_TRY(buffers_[Buffer::kHost].to_device(0, bytes_[Buffer::kHost], traffic_));
  return check_all(turn);
}

void OperationChecks::put_rows(const Turn& turn) {
  std::byte* host = buffers_[Buffer::kHost].host();
  const LoweredList& lowered = turn.lowered;
  std::copy(lowered.descriptors.begin(), lowered.descriptors.end(),
            host + lowered.descriptor_offset);
  put_row_limits(lowered, chunk_.rows, host);
  std::vector<TokenRow> tokens;
  for (const Row& row : turn.rows) tokens.push_back({row.token, row.position});
  const Embed& embed = *program_.facts(turn.list).embed;
  const quantised::Network& network = program_.network();
  put_tokens(network.embedding, network.positions.at(quantised::short_name(embed.positions)),
             embed.tokens.shape[1], tokens, lowered.host.at(kTokenRows), host);
}

// The host's part of a step.
void OperationChecks::check_embedding(const Turn& turn) {
  const Integers* integers = expected_.find(kTokenRows);
  if (integers == nullptr) return;
  WantedMatrix matrix;
  matrix.integers = integers;
  matrix.to = turn.lowered.host.at(kTokenRows);
  matrix.buffer = buffers_[Buffer::kHost].host();
  Comparison found;
  compare(matrix, found);
  report_.operations.push_back({turn.name, "embedding, by the host", "decoder.token_embedding",
                                text(integers->rows, " x ", integers->cols), found.bytes,
                                found.differing, 0, "", found.first});
}

Place OperationChecks::place_of(const Turn& turn, const BufferPlace& place) const {
  const auto argument = static_cast<unsigned>(place.buffer);
  if (place.buffer == Buffer::kCross) {
    const int slot = turn.rows.empty() ? turn.store_slot : chunk_.cross_slots[place.slot];
    return {argument, size(slot) * cross_bytes_ + place.offset};
  }
  if (place.buffer == Buffer::kSelf)
    return {argument, size(chunk_.self_slots[place.slot]) * self_bytes_ + place.offset};
  return {argument, place.offset};
}

// The memory that offsets of the place's buffer and slot count from.
std::byte* OperationChecks::host_of(const Turn& turn, const BufferPlace& place) {
  return buffers_[place.buffer].host() + place_of(turn, {place.buffer, place.slot, 0}).offset_bytes;
}

Result<void> OperationChecks::check_all(const Turn& turn) {
  for (const Operation& operation : turn.lowered.operations) NPU_TRY(check(turn, operation));
  return {};
}

Result<void> OperationChecks::check(const Turn& turn, const Operation& operation) {
  CheckedOperation checked;
  checked.list = turn.name;
  checked.kind = kind_of(operation, program_.network());
  checked.shape = shape_of(operation);
  for (const std::string& name : parameter_names(operation))
    checked.parameters += (checked.parameters.empty() ? "" : " + ") + name;
  const std::vector<WantedMatrix> matrices = wanted(turn, operation, checked.remark);
  for (const WantedMatrix& matrix : matrices) spoil(matrix);
  spoil_scores(operation);
  NPU_TRY(to_device(operation));
  const Result<double> seconds = execute(turn, operation);
  if (!seconds) {
    // What it is known by.
    report_.ended_early = text(checked.list, ", ", checked.kind, ", ", checked.parameters, ": ",
                               seconds.error().message);
    return seconds.error();
  }
  checked.host_ms = *seconds * 1e3;
  NPU_TRY(from_device(operation));
  Comparison comparison;
  for (const WantedMatrix& matrix : matrices) compare(matrix, comparison);
  compare_scores(turn, operation, comparison);
  checked.bytes = comparison.bytes;
  checked.differing = comparison.differing;
  checked.first_difference = comparison.first;
  report_.operations.push_back(std::move(checked));
  // Later operations get what they should.
  return comparison.differing > 0 ? to_device(operation) : Result<void>();
}

Result<double> OperationChecks::execute(const Turn& turn, const Operation& operation) {
  const Binding binding{[&](const BufferPlace& place) { return place_of(turn, place); },
                        {kActivationsArgument, waste_},
                        chunk_.appended};
  NPU_TRY_ASSIGN(const auto streams, command_streams({&operation, 1}, binding, kAnySeconds));
  Hardware& hardware = program_.hardware();
  NPU_TRY_ASSIGN(Command command,
                 Command::make(hardware, streams.front().operations, streams.front().words));
  NPU_TRY(command.set_buffer(kWeightsArgument, program_.weights()));
  for (const auto& [buffer, of] : buffers_)
    NPU_TRY(command.set_buffer(static_cast<Argument>(buffer), of.object()));
  const auto begin = std::chrono::steady_clock::now();
  const Deadline deadline = Deadline::in(kPatience);
  NPU_TRY(hardware.start(command, {}, deadline));
  NPU_TRY(hardware.wait(command, {}, deadline));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What the outputs of the operation must hold; those that the CPU does not know are left out.
std::vector<WantedMatrix> OperationChecks::wanted(const Turn& turn, const Operation& operation,
                                                  std::string& remark) {
  std::vector<std::string> names = parameter_names(operation);
  if (operation.op == Op::kAttention || operation.op == Op::kCombine) names[0] += "/attended";
  std::vector<WantedMatrix> matrices;
  for (size_t i = 0; i < operation.outputs.size(); ++i) {
    const Tiles& to = operation.outputs[i].to;
    if (to.layout == Layout::kScores || to.layout == Layout::kLogits) continue;
    if (to.layout == Layout::kParts) {
      remark = "compared where the parts are combined";
      continue;
    }
    WantedMatrix matrix;
    matrix.integers = expected_.find(names[i]);
    if (matrix.integers == nullptr) {
      remark = "compared with what is made of it next";
      continue;
    }
    matrix.to = to;
    matrix.buffer = host_of(turn, to.place);
    const Convolution* first = program_.facts(turn.list).features;
    if (first != nullptr && names[i] == quantised::short_name(first->weight))
      matrix.convolved_rows =
          program_.array_list(turn.list).steps.front().form.rows / kConvolvedMatrices;
    for (size_t r = 0; to.layout == Layout::kCacheRows && r < turn.rows.size(); ++r) {
      matrix.caches.push_back(host_of(turn, {Buffer::kSelf, chunk_.rows[r].self_slot, 0}));
      matrix.positions.push_back(size(turn.rows[r].position));
    }
    matrices.push_back(std::move(matrix));
  }
  return matrices;
}

void OperationChecks::spoil_scores(const Operation& operation) {
  constexpr int kSpoiled = 0xA5;
  for (const Output& output : operation.outputs)
    if (output.to.layout == Layout::kScores || output.to.layout == Layout::kLogits)
      std::memset(buffers_[Buffer::kHost].host() + output.to.place.offset, kSpoiled,
                  output.to.column_tiles * output.to.column_step);
}

void OperationChecks::compare_scores(const Turn& turn, const Operation& operation,
                                     Comparison& comparison) {
  for (const Output& output : operation.outputs) {
    if (output.to.layout == Layout::kScores) compare_alignment(turn, output.to, comparison);
    if (output.to.layout != Layout::kLogits) continue;
    for (size_t r = 0; r < turn.rows.size(); ++r) {
      const std::vector<float>& wanted = expected_.results()[r].full_row;
      std::vector<float> found(wanted.size());
      get_logits(buffers_[Buffer::kHost].host(), output.to, r, found);
      compare(found, wanted, wanted.size(), text("logits of row ", r).c_str(), comparison);
    }
  }
}

// Scores of one layer and slot: those of its alignment heads are known.
void OperationChecks::compare_alignment(const Turn& turn, const Tiles& scores,
                                        Comparison& comparison) {
  const auto place =
      std::find_if(turn.lowered.alignment.begin(), turn.lowered.alignment.end(),
                   [&](const AlignmentPlace& known) { return known.scores == scores; });
  const auto index = static_cast<size_t>(place - turn.lowered.alignment.begin());
  const size_t slots = chunk_.cross_slots.size(), rows = turn.rows.size();
  const auto& of_layers = program_.facts(turn.list).alignment;
  size_t first_head = 0;
  for (size_t layer = 0; layer < index / slots; ++layer)
    first_head += of_layers[layer]->chosen.size();
  const std::vector<int>& chosen = of_layers[index / slots]->chosen;
  const size_t keys = stored_[size(chunk_.cross_slots[index % slots])];
  const size_t columns = scores.column_step / scores.row_step * 2 * kernels::kTile;
  for (size_t head = 0; head < chosen.size(); ++head)
    for (size_t r = 0; r < rows; ++r) {
      if (chunk_.rows[r].cross_slot != index % slots) continue;
      const auto wanted =
          std::span(expected_.alignment())
              .subspan(((first_head + head) * rows + r) * size(limits_.cross_positions), keys);
      std::vector<float> found(keys);
      for (size_t key = 0; key < keys; ++key)
        found[key] =
            kScoreUnit * static_cast<float>(element(buffers_[Buffer::kHost].host(), scores, r,
                                                    size(chosen[head]) * columns + key));
      compare(found, wanted, keys, text("scores of head ", chosen[head], ", row ", r).c_str(),
              comparison);
    }
}

Result<void> OperationChecks::to_device(const Operation& operation) {
  for (auto& [buffer, of] : buffers_)
    for (const Output& output : operation.outputs)
      if (output.to.place.buffer == buffer) {
        NPU_TRY(of.to_device(0, bytes_[buffer], traffic_));
        break;
      }
  return {};
}

Result<void> OperationChecks::from_device(const Operation& operation) {
  for (auto& [buffer, of] : buffers_)
    for (const Output& output : operation.outputs)
      if (output.to.place.buffer == buffer) {
        NPU_TRY(of.from_device(0, bytes_[buffer], traffic_));
        break;
      }
  return {};
}

}  // namespace npu::array
