// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/context.h"

#include <algorithm>
#include <cstring>
#include <numbers>

#include "device/check.h"
#include "device/cpu/replay_steps.h"
#include "device/xrt/image/host_values.h"
#include "device/xrt/logits.h"
#include "quantised/floats.h"
#include "quantised/graph.h"
#include "scope_timer.h"

namespace npu::array {
namespace {

using kernels::kTile;

constexpr std::chrono::seconds kLongestEnd{60};

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

}  // namespace

ArrayContext::ArrayContext(const ArrayProgram& program, const ContextLimits& limits)
    : program_(program),
      hardware_(program.hardware()),
      limits_(limits),
      slots_(limits.self_slots),
      stored_(size(limits.cross_slots)) {
  for (const OpList& list : program.lists())
    for (const Value& value : list.values) {
      if (value.buffer.empty()) continue;
      HostBuffer& buffer = host_buffers_[value.buffer];
      buffer.rows =
          std::max(buffer.rows, size(value.rows == kTableRows ? limits.max_rows : value.rows));
      buffer.cols = size(value.cols);
    }
  for (size_t thread = 0; thread < program.pool().threads(); ++thread)
    float_scratch_.emplace_back(cpu::ScoreScratch::thread_size());
}

Result<std::unique_ptr<ArrayContext>> ArrayContext::create(const ArrayProgram& program,
                                                           const ContextLimits& limits) {
  auto context = std::unique_ptr<ArrayContext>(new ArrayContext(program, limits));
  NPU_TRY(context->make_buffers());
  return context;
}

// What is under way uses the buffers. The driver ends whatever makes no progress for 2 s; a driver
// that does not even do that is not waited for without end.
ArrayContext::~ArrayContext() {
  const Deadline deadline = Deadline::in(kLongestEnd);
  for (Command* command : pending_) hardware_.wait_for_end(*command, deadline);
}

// The largest that the lists need, in any shape.
Result<void> ArrayContext::measure(uint64_t& activations, uint64_t& host) {
  RunShape most;
  const size_t rows = std::min(kDecodeRows, size(limits_.max_rows));
  most.self_positions = size(limits_.self_positions);
  most.cross_positions = size(limits_.cross_positions);
  most.self_slots = std::min(rows, size(limits_.self_slots));
  most.stored.assign(std::min(rows, size(limits_.cross_slots)), most.cross_positions);
  for (size_t list = 0; list < program_.lists().size(); ++list) {
    NPU_TRY_ASSIGN(const LoweredList lowered, program_.lowering().lower(list, most));
    activations = std::max(activations, lowered.activation_bytes);
    host = std::max(host, lowered.host_bytes);
    cross_bytes_ = std::max(cross_bytes_, lowered.cross_bytes);
    self_bytes_ = std::max(self_bytes_, lowered.self_bytes);
    for (auto& [name, buffer] : host_buffers_)
      if (const auto found = lowered.host.find(name); found != lowered.host.end())
        buffer.tiles = found->second;
    const ListFacts& facts = program_.facts(list);
    if (facts.features == nullptr) continue;
    const Value& features = program_.lists()[list].values[size(facts.features->in)];
    host_buffers_[features.buffer].is_features = true;
  }
  return {};
}

Result<void> ArrayContext::make_buffers() {
  uint64_t activations = 0, host = 0;
  NPU_TRY(measure(activations, host));
  waste_ = activations;
  Traffic zeros;
  NPU_TRY_ASSIGN(activations_, hardware_.buffer(kActivationsArgument,
                                                activations + kColumns * kWasteBytes, zeros));
  NPU_TRY_ASSIGN(host_, hardware_.buffer(kHostArgument, host, zeros));
  NPU_TRY_ASSIGN(
      cross_, hardware_.buffer(kCrossArgument, std::max<uint64_t>(1, stored_.size() * cross_bytes_),
                               zeros));
  NPU_TRY_ASSIGN(
      self_,
      hardware_.buffer(kSelfArgument, std::max<uint64_t>(1, slots_.caches() * self_bytes_), zeros));
  ListWork loading;
  loading.bytes_to_device = zeros.bytes_to_device;
  hardware_.work().add(kLoadingWork, loading);
  for (size_t slot = 0; slot < stored_.size() && cross_bytes_ > 0; ++slot) {
    NPU_TRY_ASSIGN(xrt::bo part, cross_.part(slot * cross_bytes_, cross_bytes_));
    cross_parts_.push_back(std::move(part));
  }
  for (size_t cache = 0; cache < slots_.caches() && self_bytes_ > 0; ++cache) {
    NPU_TRY_ASSIGN(xrt::bo part, self_.part(cache * self_bytes_, self_bytes_));
    self_parts_.push_back(std::move(part));
    append_parts_.emplace_back(size(limits_.self_positions));
  }
  return {};
}

Result<void> ArrayContext::write(std::string_view buffer, std::span<const float> data) {
  const auto found = host_buffers_.find(buffer);
  const bool exists = found != host_buffers_.end();
  NPU_TRY(check_buffer(exists, buffer, exists ? found->second.rows : 0,
                       exists ? found->second.cols : 0, data.size()));
  if (!found->second.is_features)
    return Error{ErrorCode::kInvalidArgument,
                 text("buffer ", buffer, ": expected one of features, which alone can be written")};
  features_.resize(data.size());
  std::transform(data.begin(), data.end(), features_.begin(), quantised::feature_steps);
  features_form_.reset();
  return {};
}

Result<void> ArrayContext::read(std::string_view buffer, std::span<float> data) {
  const auto found = host_buffers_.find(buffer);
  const bool exists = found != host_buffers_.end();
  NPU_TRY(check_buffer(exists, buffer, exists ? found->second.rows : 0,
                       exists ? found->second.cols : 0, data.size()));
  const quantised::Network& network = program_.network();
  const HostBuffer& from = found->second;
  if (from.is_features || network.encoded_offset.size() != from.cols)
    return Error{
        ErrorCode::kInvalidArgument,
        text("buffer ", buffer, ": expected the encoder's result, which alone can be read")};
  NPU_TRY(settle(CancelToken(), Deadline()));
  NPU_TRY(host_.from_device(from.tiles.place.offset,
                            matrix_bytes(from.tiles.layout, from.rows, from.cols), traffic_));
  std::vector<float> row(from.cols);
  for (size_t r = 0; r < from.rows; ++r) {
    for (size_t c = 0; c < from.cols; ++c)
      row[c] = static_cast<float>(element(host_.host(), from.tiles, r, c));
    quantised::encoded_floats(network, row, data.subspan(r * from.cols, from.cols));
  }
  return {};
}

// Waits for what an interrupted replay has left under way.
Result<void> ArrayContext::settle(const CancelToken& cancel, Deadline deadline) {
  while (!pending_.empty()) {
    const Result<void> ended = hardware_.wait(*pending_.back(), cancel, deadline);
    if (!ended && Hardware::is_pending(*pending_.back())) return ended;
    pending_.pop_back();
  }
  return {};
}

Result<void> ArrayContext::run(size_t list, const Replay& replay, const CancelToken& cancel,
                               Deadline deadline) {
  NPU_TRY_ASSIGN(const OpList* ops, cpu::list_at(program_.lists(), list));
  NPU_TRY(check_replay(*ops, limits_, replay, slots_.lengths()));
  NPU_TRY(check_interrupt(cancel, deadline, ops->name.c_str()));
  NPU_TRY(settle(cancel, deadline));
  const Turn turn{list, replay, cancel, deadline};
  const Traffic before = traffic_;
  work_ = ListWork();
  double all_s = 0;
  Result<void> ran = [&] {
    const ScopeTimer timer(all_s);
    return replay_list(turn);
  }();
  work_.host_s = all_s - work_.device_s - work_.logits_s;
  work_.replays = 1;
  work_.commands = static_cast<int64_t>(traffic_.submissions - before.submissions);
  work_.bytes_to_device = traffic_.bytes_to_device - before.bytes_to_device;
  work_.bytes_from_device = traffic_.bytes_from_device - before.bytes_from_device;
  hardware_.work().add(ops->name, work_);
  return ran;
}

Result<void> ArrayContext::replay_list(const Turn& turn) {
  const std::span<const CacheCopy> copies = slots_.begin(turn.replay.self_parents);
  Result<void> ran = copy_caches(copies);
  if (ran) ran = program_.facts(turn.list).embed == nullptr ? run_whole(turn) : run_rows(turn);
  if (!ran) slots_.undo();
  return ran;
}

// The blocks that hold the positions, head by head.
Result<void> ArrayContext::copy_caches(std::span<const CacheCopy> copies) {
  const uint64_t head = keys_bytes(1, tiles_of(size(limits_.self_positions)));
  for (const CacheCopy& copy : copies) {
    const uint64_t bytes = keys_bytes(1, tiles_of(size(copy.positions)));
    for (uint64_t at = 0; at < self_bytes_; at += head) {
      const uint64_t from = copy.from * self_bytes_ + at, to = copy.to * self_bytes_ + at;
      NPU_TRY(self_.from_device(from, bytes, traffic_));
      std::memcpy(self_.host() + to, self_.host() + from, bytes);
      NPU_TRY(self_.to_device(to, bytes, traffic_));
    }
  }
  return {};
}

Result<void> ArrayContext::run_whole(const Turn& turn) {
  const auto store_slot = size(turn.replay.store_slot);
  NPU_TRY_ASSIGN(Prepared * prepared, kept(turn, false));
  if (program_.facts(turn.list).features != nullptr) NPU_TRY(put_features(turn, prepared->lowered));
  NPU_TRY(bind_parts(*prepared, store_slot, 0, 0));
  NPU_TRY(execute(*prepared, turn));
  if (program_.facts(turn.list).stores)
    stored_[store_slot] = program_.array_list(turn.list).positions;
  return {};
}

Result<void> ArrayContext::run_rows(const Turn& turn) {
  for (size_t first = 0; first < turn.replay.rows.size(); first += chunk_.count) {
    take_chunk(turn.replay.rows, first, chunk_);
    NPU_TRY(run_chunk(turn));
  }
  return {};
}

bool ArrayContext::is_scored(const Turn& turn) const {
  return std::any_of(
      turn.replay.score.begin(), turn.replay.score.end(),
      [&](const ScoreRequest& request) { return size(request.row) - chunk_.first < chunk_.count; });
}

Result<void> ArrayContext::run_chunk(const Turn& turn) {
  const bool is_scored = this->is_scored(turn), is_one = chunk_.count == 1;
  NPU_TRY_ASSIGN(Prepared * prepared, is_one ? kept(turn, is_scored) : rewritten(turn, is_scored));
  NPU_TRY(put_descriptors(*prepared));
  NPU_TRY(put_rows(turn, *prepared));
  if (is_one)
    NPU_TRY(bind_parts(*prepared, size(chunk_.cross_slots.front()),
                       slots_.cache_of(chunk_.self_slots.front()), chunk_.rows.front().position));
  NPU_TRY(execute(*prepared, turn));
  for (size_t r = 0; program_.facts(turn.list).appends && r < chunk_.count; ++r) {
    const Row& row = turn.replay.rows[chunk_.first + r];
    slots_.append(row.self_slot, row.position);
  }
  if (is_scored) NPU_TRY(score_chunk(turn, prepared->lowered));
  return take_alignment(turn, prepared->lowered);
}

// Requests that lie side by side and are of this chunk share a pass.
Result<void> ArrayContext::score_chunk(const Turn& turn, const LoweredList& lowered) {
  const Tiles& logits = *lowered.logits;
  NPU_TRY(
      host_.from_device(logits.place.offset, logits.column_tiles * logits.column_step, traffic_));
  const ScopeTimer timer(work_.logits_s);
  const Score& op = *program_.facts(turn.list).score;
  ArrayLogits source(host_.host(), logits, op.tokens.shape[0], chunk_.first);
  cpu::Turn pool(program_.pool(), turn.cancel, turn.deadline);
  NPU_TRY(pool.take());
  const auto is_here = [&](const ScoreRequest& request) {
    return size(request.row) - chunk_.first < chunk_.count;
  };
  const std::span<const ScoreRequest> requests = turn.replay.score;
  for (size_t first = 0; first < requests.size();) {
    size_t count = 0;
    while (first + count < requests.size() && is_here(requests[first + count])) ++count;
    if (count > 0 &&
        !cpu::score_rows({}, source, requests.subspan(first, count),
                         turn.replay.results.subspan(first, count), pool, score_, float_scratch_))
      return pool.check(lowered.name.c_str());
    first += std::max<size_t>(count, 1);
  }
  return {};
}

Result<void> ArrayContext::take_alignment(const Turn& turn, const LoweredList& lowered) {
  // From base-2 exponents with 8 fraction bits.
  constexpr float kUnit = std::numbers::ln2_v<float> / 256;
  const size_t room = size(limits_.cross_positions), rows = turn.replay.rows.size(),
               slots = chunk_.cross_slots.size();
  for (const AlignmentPlace& place : lowered.alignment)
    NPU_TRY(host_.from_device(place.scores.place.offset,
                              place.scores.column_tiles * place.scores.column_step, traffic_));
  size_t first_head = 0, layer = 0;
  for (const AlignmentScores* op : program_.facts(turn.list).alignment) {
    for (size_t i = 0; i < op->chosen.size(); ++i)
      for (size_t r = 0; r < chunk_.count; ++r) {
        const uint8_t slot = chunk_.rows[r].cross_slot;
        const Tiles& scores = lowered.alignment[layer * slots + slot].scores;
        const size_t keys = stored_[size(chunk_.cross_slots[slot])];
        const size_t first =
            size(op->chosen[i]) * (scores.column_step / scores.row_step) * 2 * kTile;
        float* to =
            turn.replay.alignment.data() + ((first_head + i) * rows + chunk_.first + r) * room;
        for (size_t key = 0; key < keys; ++key)
          to[key] = kUnit * static_cast<float>(element(host_.host(), scores, r, first + key));
        std::fill(to + keys, to + room, 0.0F);
      }
    first_head += op->chosen.size();
    ++layer;
  }
  return {};
}

// A list on fewer positions reads fewer of the features, and has them elsewhere.
Result<void> ArrayContext::put_features(const Turn& turn, const LoweredList& lowered) {
  if (features_form_ == turn.list) return {};
  const ArrayList& list = program_.array_list(turn.list);
  const OpList& recorded = program_.lists()[turn.list];
  const Value& value = recorded.values[size(program_.facts(turn.list).features->in)];
  const ArrayValue& placed = list.value(list.steps.front().in);
  const Tiles& tiles = lowered.host.at(value.buffer);
  constexpr size_t kMatrices = 3;
  const size_t floats = size(value.rows) * size(value.cols);
  features_.resize(std::max(features_.size(), floats));
  put_mel(std::span(features_).first(floats), size(value.rows), size(value.cols),
          placed.rows / kMatrices, tiles, host_.host());
  NPU_TRY(host_.to_device(tiles.place.offset,
                          matrix_bytes(tiles.layout, placed.rows, placed.columns), traffic_));
  features_form_ = turn.list;
  return {};
}

Result<void> ArrayContext::put_rows(const Turn& turn, const Prepared& prepared) {
  const LoweredList& lowered = prepared.lowered;
  const Embed& embed = *program_.facts(turn.list).embed;
  const size_t width = embed.tokens.shape[1];
  tokens_.clear();
  for (const Row& row : turn.replay.rows.subspan(chunk_.first, chunk_.count))
    tokens_.push_back({row.token, row.position});
  const Tiles& tiles = lowered.host.at(kTokenRows);
  const quantised::Network& network = program_.network();
  put_tokens(network.embedding, network.positions.at(quantised::short_name(embed.positions)), width,
             tokens_, tiles, host_.host());
  NPU_TRY(host_.to_device(tiles.place.offset, tiles.column_tiles * tiles.column_step, traffic_));
  put_row_limits(lowered, chunk_.rows, host_.host());
  for (const RowLimits& limits : lowered.limits)
    NPU_TRY(host_.to_device(limits.offset, kDecodeRows * sizeof(int32_t), traffic_));
  return {};
}

Result<void> ArrayContext::put_descriptors(const Prepared& prepared) {
  if (descriptors_ == &prepared) return {};
  const LoweredList& now = prepared.lowered;
  const bool is_there = descriptors_ != nullptr &&
                        descriptors_->lowered.descriptor_offset == now.descriptor_offset &&
                        descriptors_->lowered.descriptors == now.descriptors;
  descriptors_ = &prepared;
  if (is_there) return {};
  std::copy(now.descriptors.begin(), now.descriptors.end(), host_.host() + now.descriptor_offset);
  return host_.to_device(now.descriptor_offset, now.descriptors.size(), traffic_);
}

Result<void> ArrayContext::execute(Prepared& prepared, const Turn& turn) {
  const ScopeTimer timer(work_.device_s);
  for (Command& command : prepared.commands) {
    NPU_TRY(hardware_.start(command, turn.cancel, turn.deadline));
    pending_.push_back(&command);
    ++traffic_.submissions;
  }
  for (Command& command : prepared.commands)
    NPU_TRY(hardware_.wait(command, turn.cancel, turn.deadline));
  pending_.clear();
  return {};
}

}  // namespace npu::array
