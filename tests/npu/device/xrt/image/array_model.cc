// SPDX-License-Identifier: LGPL-2.1-or-later
#include "array_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "both_networks.h"
#include "device/xrt/image/host_values.h"

namespace npu::testing {
namespace {

using array::Buffer;
using array::Layout;
using array::Tiles;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

uint64_t greatest(std::span<const uint64_t> values) {
  return *std::max_element(values.begin(), values.end());
}

// "a+b, 16 rows": a, b.
std::vector<std::string> names_of(const array::Operation& operation) {
  std::vector<std::string> names(1);
  for (const char c : operation.name) {
    if (c == ',') break;
    if (c == '+')
      names.emplace_back();
    else
      names.back() += c;
  }
  if (operation.op == kernels::Op::kAttention || operation.op == kernels::Op::kCombine)
    names.front() += "/attended";
  return names;
}

}  // namespace

ArrayModel::ArrayModel(std::span<const OpList> lists, quantised::Network network,
                       const ContextLimits& limits)
    : network_(array::with_integers_shown(network)),
      recorded_(lists.begin(), lists.end()),
      limits_(limits),
      fast_(recorded_, network_, limits),
      stored_(size(limits.cross_slots)) {
  for (const OpList& list : recorded_) {
    auto steps = array::array_steps(*network_, list);
    EXPECT_TRUE(steps) << steps.error().message;
    if (!steps) return;
    lists_.push_back(*std::move(steps));
  }
  image_ = array::WeightsImage::plan(lists_);
  memory_.make(Buffer::kWeights, image_->bytes());
  const auto written = image_->write(memory_.all(Buffer::kWeights));
  EXPECT_TRUE(written) << written.error().message;
  lowering_.emplace(lists_, *image_);
  std::vector<uint64_t> host, activations;
  array::RunShape shape;
  shape.self_positions = size(limits.self_positions);
  shape.cross_positions = size(limits.cross_positions);
  shape.stored.assign(size(limits.cross_slots), shape.cross_positions);
  shape.self_slots = size(limits.self_slots);
  for (size_t list = 0; list < lists_.size(); ++list) {
    const auto lowered = lowering_->lower(list, shape);
    EXPECT_TRUE(lowered) << lowered.error().message;
    if (!lowered) return;
    host.push_back(lowered->host_bytes);
    activations.push_back(lowered->activation_bytes);
    for (int slot = 0; slot < limits.self_slots && lowered->self_bytes > 0; ++slot)
      memory_.make(Buffer::kSelf, lowered->self_bytes, static_cast<uint8_t>(slot));
    for (int slot = 0; slot < limits.cross_slots && lowered->cross_bytes > 0; ++slot)
      memory_.make(Buffer::kCross, lowered->cross_bytes, static_cast<uint8_t>(slot));
  }
  memory_.make(Buffer::kHost, greatest(host));
  memory_.make(Buffer::kActivations, greatest(activations));
}

void ArrayModel::write_mel(size_t list, std::span<const float> mel) {
  fast_.write(kMelBuffer, mel);
  std::vector<int16_t> integers(mel.size());
  for (size_t i = 0; i < mel.size(); ++i)
    integers[i] = static_cast<int16_t>(std::nearbyint(mel[i] / quantised::kMelStep));
  const auto lowered = lower(list, {});
  const size_t frames = 2 * lists_[list].positions;
  array::put_mel(integers, frames, mel.size() / frames, lists_[list].steps.front().form.rows / 3,
                 lowered.host.at(kMelBuffer), memory_.data(Buffer::kHost));
}

array::RunShape ArrayModel::shape_of(std::span<const Row> rows) const {
  array::RunShape shape;
  shape.self_positions = size(limits_.self_positions);
  shape.cross_positions = size(limits_.cross_positions);
  if (rows.empty()) return shape;
  int self = 0, cross = 0;
  for (const Row& row : rows) {
    self = std::max(self, row.self_slot);
    cross = std::max(cross, row.cross_slot);
  }
  shape.rows = rows.size();
  shape.self_slots = size(self) + 1;
  shape.stored.assign(stored_.begin(), stored_.begin() + cross + 1);
  return shape;
}

array::LoweredList ArrayModel::lower(size_t list, std::span<const Row> rows) {
  list_ = list;
  auto lowered = lowering_->lower(list, shape_of(rows));
  EXPECT_TRUE(lowered) << lowered.error().message;
  if (!lowered) return {};
  if (change) change(*lowered);
  return *std::move(lowered);
}

void ArrayModel::encode(size_t list, int store_slot) {
  fast_.run(list, {}, store_slot);
  const auto lowered = lower(list, {});
  run(lowered, {});
  for (const array::ArrayValue& value : lists_[list].values)
    if (value.home == array::Home::kCross) {
      stored_[0] = stored_[size(store_slot)] = lists_[list].positions;
      const auto from = memory_.all(Buffer::kCross);
      std::copy(from.begin(), from.end(),
                memory_.data(Buffer::kCross, static_cast<uint8_t>(store_slot)));
    }
}

void ArrayModel::step(size_t list, std::span<const Row> rows) {
  fast_.run(list, rows);
  const auto lowered = lower(list, rows);
  write_rows(lowered, rows);
  run(lowered, rows);
  if (!first_difference_.empty()) return;
  compare_logits(lowered, rows.size());
  compare_alignment(list, lowered, rows);
}

void ArrayModel::write_rows(const array::LoweredList& list, std::span<const Row> rows) {
  std::byte* host = memory_.data(Buffer::kHost);
  std::copy(list.descriptors.begin(), list.descriptors.end(), host + list.descriptor_offset);
  std::vector<array::RunRow> run_rows;
  std::vector<array::TokenRow> tokens;
  for (const Row& row : rows) {
    run_rows.push_back(
        {static_cast<uint8_t>(row.self_slot), static_cast<uint8_t>(row.cross_slot), row.position});
    tokens.push_back({row.token, row.position});
  }
  array::put_row_limits(list, run_rows, host);
  array::put_tokens(network_->embedding, network_->positions.at("decoder.positional_embedding"),
                    network_->norms.at("decoder.ln").gamma.size(), tokens,
                    list.host.at(array::kTokenRows), host);
}

void ArrayModel::run(const array::LoweredList& list, std::span<const Row> rows) {
  std::vector<array::AppendedRow> appended;
  for (const Row& row : rows)
    appended.push_back({static_cast<uint8_t>(row.self_slot), row.position});
  for (const array::Operation& operation : list.operations) {
    const std::string fault = executor_.run(operation, appended);
    if (!fault.empty()) return report(fault);
    ++operations_;
    compare(operation, rows);
    if (!first_difference_.empty()) return;
  }
}

void ArrayModel::compare(const array::Operation& operation, std::span<const Row> rows) {
  const std::vector<std::string> names = names_of(operation);
  for (size_t i = 0; i < operation.outputs.size(); ++i) {
    const Tiles& to = operation.outputs[i].to;
    if (to.layout != Layout::kParts && to.layout != Layout::kScores && to.layout != Layout::kLogits)
      compare(names[i], to, rows);
  }
}

void ArrayModel::compare(const std::string& name, const Tiles& to, std::span<const Row> rows) {
  const auto found = fast_.made().find(name);
  // The second convolution's result before it enters the stream is no recorded value.
  if (found == fast_.made().end()) {
    if (name != "encoder.conv2") report(name + ": no recorded value");
    return;
  }
  const Rows& fast = found->second;
  if (name == "encoder.conv1") return compare_convolved(fast, to);
  size_t differing = 0;
  for (size_t r = 0; r < fast.rows; ++r) {
    const bool appends = to.layout == Layout::kCacheRows;
    const auto slot = static_cast<uint8_t>(appends ? rows[r].self_slot : 0);
    const std::byte* buffer = memory_.data(to.place.buffer, slot);
    const size_t row = appends ? size(rows[r].position) : r;
    for (size_t c = 0; c < fast.cols; ++c)
      differing += array::element(buffer, to, row, c) != fast.integer(r * fast.cols + c);
  }
  if (std::all_of(fast.values.begin(), fast.values.end(), [](int x) { return x == 0; }))
    report(name + ": all zero");
  count(name, differing, fast.bytes());
}

// Three matrices of it: odd rows one row late, even rows, odd rows.
void ArrayModel::compare_convolved(const Rows& fast, const Tiles& to) {
  const std::byte* buffer = memory_.data(to.place.buffer);
  const size_t padded = lists_[list_].steps.front().form.rows / 3;
  size_t differing = 0, bytes = 0;
  for (size_t matrix = 0; matrix < 3; ++matrix)
    for (size_t t = 0; t < fast.rows / 2; ++t)
      for (size_t c = 0; c < fast.cols; ++c) {
        const size_t row = 2 * t + matrix;  // counted from the one before the first
        const int wanted = row == 0 ? 0 : fast.integer((row - 1) * fast.cols + c);
        differing += array::element(buffer, to, matrix * padded + t, c) != wanted;
        bytes += 2;
      }
  count("encoder.conv1", differing, bytes);
}

void ArrayModel::count(const std::string& name, size_t differing, size_t bytes) {
  compared_ += bytes;
  if (differing > 0) report(text(name, ": ", differing, " elements of ", bytes, " bytes differ"));
}

void ArrayModel::report(const std::string& what) {
  if (first_difference_.empty()) first_difference_ = what;
}

void ArrayModel::compare_logits(const array::LoweredList& list, size_t rows) {
  const std::byte* host = memory_.data(Buffer::kHost);
  size_t differing = 0, bytes = 0;
  for (size_t r = 0; r < rows; ++r) {
    const std::vector<float>& fast = fast_.results()[r].full_row;
    std::vector<float> array(fast.size());
    array::get_logits(host, *list.logits, r, array);
    for (size_t token = 0; token < fast.size(); ++token) differing += array[token] != fast[token];
    bytes += fast.size() * sizeof(float);
  }
  count("logits", differing, bytes);
}

void ArrayModel::compare_alignment(size_t list, const array::LoweredList& lowered,
                                   std::span<const Row> rows) {
  constexpr float kUnit = std::numbers::ln2_v<float> / 256;
  const size_t room = size(limits_.cross_positions),
               slots = lowered.alignment.empty() ? 0 : shape_of(rows).stored.size();
  const std::byte* host = memory_.data(Buffer::kHost);
  size_t differing = 0, first_head = 0, layer = 0;
  for (const Op& op : recorded_[list].ops) {
    const auto* scores = std::get_if<AlignmentScores>(&op);
    if (scores == nullptr) continue;
    for (size_t chosen = 0; chosen < scores->chosen.size(); ++chosen)
      for (size_t r = 0; r < rows.size(); ++r) {
        const array::AlignmentPlace& place =
            lowered.alignment[layer * slots + size(rows[r].cross_slot)];
        const size_t keys = stored_[place.cross_slot];
        const size_t columns = (keys + 127) / 128 * 128;
        for (size_t key = 0; key < keys; ++key) {
          const int exponent =
              array::element(host, place.scores, r, size(scores->chosen[chosen]) * columns + key);
          differing += kUnit * static_cast<float>(exponent) !=
                       fast_.alignment()[((first_head + chosen) * rows.size() + r) * room + key];
        }
      }
    first_head += scores->chosen.size();
    ++layer;
  }
  count("alignment", differing, fast_.alignment().size() * sizeof(float));
}

}  // namespace npu::testing
