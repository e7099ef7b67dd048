// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/lowering.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "device/cpu/plan.h"
#include "device/xrt/image/cache_attention.h"
#include "logits/logits.h"

namespace npu::array {
namespace {

using kernels::kObjectBytes;
using kernels::kTile;
using kernels::kTileElements;
using kernels::Op;

constexpr uint64_t kLine = 64;  // bytes; what plans count

bool is_keys(const ArrayValue& value) {
  return value.layout == Layout::kKeys || value.layout == Layout::kCacheRows;
}

uint64_t bytes_of(const ArrayValue& value) {
  if (is_keys(value)) return keys_bytes(value.columns / kTile, tiles_of(value.rows));
  return matrix_bytes(value.layout, value.rows, value.columns);
}

size_t padded(size_t rows) {
  return (rows + kRoundRows - 1) / kRoundRows * kRoundRows;
}

}  // namespace

// One list in one shape.
class ListLowering {
 public:
  ListLowering(const Lowering& lowering, const ArrayList& list, const RunShape& shape)
      : lowering_(lowering), list_(list), shape_(shape) {
    made_.name = list.name;
  }

  Result<LoweredList> lower() {
    NPU_TRY(check());
    place();
    made_.descriptor_offset = lowering_.host_bytes_ + alignment_bytes();
    made_.limited_bytes = all_limited_bytes();
    descriptors_.limited.offset = made_.descriptor_offset;
    descriptors_.fixed.offset = made_.descriptor_offset + made_.limited_bytes;
    uint64_t scores = lowering_.host_bytes_;
    for (size_t i = 0; i < list_.steps.size(); ++i) {
      const ArrayStep& step = list_.steps[i];
      if (step.op == Op::kMatmul)
        product(step.gives_logits() ? in_form(step, logits_form(step)) : step);
      else if (step.op == Op::kLayerNorm)
        norm(step);
      else if (!is_over_cache(step))
        own_attention(step);
      else
        over_cache(step, i, scores);
    }
    made_.descriptors = std::move(descriptors_.limited.bytes);
    assert(made_.descriptors.size() == made_.limited_bytes);
    made_.descriptors.insert(made_.descriptors.end(), descriptors_.fixed.bytes.begin(),
                             descriptors_.fixed.bytes.end());
    made_.host_bytes = made_.descriptor_offset + made_.descriptors.size();
    return std::move(made_);
  }

 private:
  size_t self_blocks() const { return tiles_of(shape_.self_positions); }
  size_t cross_blocks() const { return padded(shape_.cross_positions) / kTile; }
  bool is_over_cache(const ArrayStep& step) const {
    return step.attention != nullptr && list_.value(step.keys).home != Home::kTemporary;
  }
  bool is_self(const ArrayStep& step) const { return list_.value(step.keys).home == Home::kSelf; }
  size_t slots_of(const ArrayStep& step) const {
    return is_self(step) ? shape_.self_slots : shape_.stored.size();
  }

  Result<void> check() const {
    for (const ArrayValue& value : list_.values)
      if (value.home == Home::kCross && value.rows / kTile > cross_blocks())
        return Error{ErrorCode::kInvalidArgument,
                     text("list ", list_.name, ": expected a cross cache of ", list_.positions,
                          " positions, found one of ", shape_.cross_positions)};
    for (const ArrayValue& value : list_.values)
      if (value.home == Home::kHost &&
          lowering_.host_.find(value.name)->second.layout != value.layout)
        return Error{ErrorCode::kUnsupported,
                     text("list ", list_.name, ": expected buffer ", value.name,
                          " in the form that other lists have, found it in another; prepare the "
                          "model again")};
    for (const size_t stored : shape_.stored)
      if (stored == 0 || stored > shape_.cross_positions)
        return Error{ErrorCode::kInvalidArgument,
                     text("list ", list_.name, ": expected 1 to ", shape_.cross_positions,
                          " positions in a cross cache, found ", stored)};
    const size_t slots = std::max(shape_.self_slots, shape_.stored.size());
    if (shape_.self_slots == 0 || shape_.stored.empty() || slots > kDecodeRows)
      return Error{ErrorCode::kInvalidArgument, text("list ", list_.name, ": expected 1 to ",
                                                     kDecodeRows, " slots, found ", slots)};
    if (shape_.rows == 0 || shape_.rows > kDecodeRows)
      return Error{ErrorCode::kInvalidArgument, text("list ", list_.name, ": expected 1 to ",
                                                     kDecodeRows, " rows, found ", shape_.rows)};
    return {};
  }

  // Temporaries, and behind them what each step needs for the parts of its attention.
  void place() {
    std::vector<std::vector<ValueId>> operands;
    std::vector<size_t> sizes;
    for (const ArrayValue& value : list_.values)
      sizes.push_back(value.home == Home::kTemporary ? bytes_of(value) / kLine : 0);
    for (const ArrayStep& step : list_.steps) {
      std::vector<ValueId> ids;
      for (const int id : {step.in, step.out, step.residual, step.keys})
        if (id >= 0) ids.push_back(id);
      for (const Part& part : step.parts)
        if (part.out >= 0) ids.push_back(part.out);
      const size_t slots = step.op == Op::kAttention && is_over_cache(step) ? slots_of(step) : 1;
      ids.push_back(static_cast<ValueId>(sizes.size()));
      sizes.push_back(slots > 1 ? slots * keys_bytes(step.attention->mult.size(), 1) / kLine : 0);
      operands.push_back(std::move(ids));
    }
    plan_ = cpu::place_values(operands, sizes);
    made_.activation_bytes = plan_.size * kLine;
    const size_t heads = cache_heads();
    made_.self_bytes = lowering_.layers_ * keys_bytes(heads, self_blocks());
    made_.cross_bytes = lowering_.layers_ * keys_bytes(heads, cross_blocks());
    for (size_t id = 0; id < list_.values.size(); ++id)
      if (list_.values[id].home == Home::kHost)
        made_.host[list_.values[id].name] = tiles_at(static_cast<int>(id));
  }
  size_t cache_heads() const {
    for (const ArrayValue& value : list_.values)
      if (value.home == Home::kCross || value.home == Home::kSelf) return value.columns / kTile;
    return 0;
  }
  uint64_t alignment_bytes() const {
    uint64_t bytes = 0;
    for (const ArrayStep& step : list_.steps)
      for (size_t slot = 0; step.op == Op::kAlignment && slot < slots_of(step); ++slot)
        bytes += alignment_size(step, shape_.stored[slot]);
    return bytes;
  }

  RowForm logits_form(const ArrayStep& step) const {
    for (const RowForm& form : forms_of(step))
      if (form.rows >= shape_.rows) return form;
    return step.form;
  }
  uint64_t all_limited_bytes() const {
    uint64_t bytes = 0;
    for (const ArrayStep& step : list_.steps)
      if (step.op == Op::kAttention && is_over_cache(step))
        bytes += limited_bytes(step, is_self(step), slots_of(step));
    return bytes;
  }

  BufferPlace place_of(int id) const {
    const ArrayValue& value = list_.value(id);
    const auto layer = static_cast<uint64_t>(value.layer);
    const size_t heads = value.columns / kTile;
    switch (value.home) {
      case Home::kHost:
        return {Buffer::kHost, 0, lowering_.host_.find(value.name)->second.offset};
      case Home::kTable:
        return {Buffer::kWeights, 0, entry(table_name(value)).objects};
      case Home::kCross:
        return {Buffer::kCross, 0, layer * keys_bytes(heads, cross_blocks())};
      case Home::kSelf:
        return {Buffer::kSelf, 0, layer * keys_bytes(heads, self_blocks())};
      case Home::kTemporary:
        break;
    }
    return {Buffer::kActivations, 0, plan_.offsets[static_cast<size_t>(id)] * kLine};
  }
  // A value in its own form, or K or V of one as a product makes it.
  Tiles tiles_at(int id) const {
    const ArrayValue& value = list_.value(id);
    return is_keys(value) ? keys_of(id, value.layout, false)
                          : matrix_at(place_of(id), value.layout, value.columns);
  }
  Tiles keys_of(int id, Layout layout, bool values) const {
    const ArrayValue& value = list_.value(id);
    const size_t blocks = value.home == Home::kCross  ? cross_blocks()
                          : value.home == Home::kSelf ? self_blocks()
                                                      : tiles_of(value.rows);
    return keys_at(place_of(id), layout, value.columns / kTile, blocks, values);
  }
  const ImageEntry& entry(const std::string& name) const {
    const auto found = lowering_.image_.directory().find(name);
    assert(found != lowering_.image_.directory().end());  // it was planned for these lists
    return found->second;
  }

  Operation& add(const ArrayStep& step, const std::string& name) {
    Operation& made = made_.operations.emplace_back();
    made.name = name;
    made.op = step.op;
    made.rows = step.form.rows;
    made.m_tiles = step.form.m_tiles();
    made.tiles = tiles_of(step);
    made.in = tiles_at(step.in);
    return made;
  }
  Operation& from_image(const ArrayStep& step) {
    const std::string name = entry_name(list_, step);
    const ImageEntry& found = entry(name);
    Operation& made = add(step, name);
    made.descriptors = {Buffer::kWeights, 0, found.descriptors};
    made.descriptor_step = found.descriptor_step;
    made.objects = {Buffer::kWeights, 0, found.objects};
    made.object_step = found.object_step;
    made.count = found.count;
    if (found.pass != 0) made.pass = BufferPlace{Buffer::kWeights, 0, found.pass};
    return made;
  }

  void product(const ArrayStep& step) {
    Operation& made = from_image(step);
    made.planes = is_fine(made.in.layout) ? 2 : 1;
    made.taps = step.taps;
    made.in_tiles = 2 * made.count / step.taps;
    if (step.taps > 1)
      made.tap_step = list_.value(step.in).rows / step.taps / kTile * made.in.row_step;
    if (step.residual >= 0) made.residual = tiles_at(step.residual);
    uint32_t first = 0;
    int before = -1;
    for (const Part& part : step.parts) {
      const uint32_t tiles = tiles_of(part.matrix->rows);
      made.outputs.push_back({first, tiles, output_of(part, part.out >= 0 && part.out == before)});
      first += tiles;
      before = part.out;
    }
  }
  // V is made into the value that K before it went to.
  Tiles output_of(const Part& part, bool values) {
    if (part.out < 0) {
      const uint32_t rows = made_.operations.back().rows;
      made_.logits = Tiles{{Buffer::kHost, 0, lowering_.logits_}, Layout::kLogits,
                           tiles_of(part.matrix->rows),           0,
                           kernels::logits_bytes(rows),           0};
      return *made_.logits;
    }
    if (is_keys(list_.value(part.out))) return keys_of(part.out, part.layout, values);
    return tiles_at(part.out);
  }
  void norm(const ArrayStep& step) {
    Operation& made = from_image(step);
    made.in_tiles = tiles_of(step.norm->gamma.size());
    made.outputs.push_back({0, made.in_tiles, tiles_at(step.out)});
  }
  void own_attention(const ArrayStep& step) {
    Operation& made = from_image(step);
    const Tiles keys = tiles_at(step.keys);
    made.in_tiles = made.in.column_tiles;
    made.objects = keys.place;
    made.object_step = keys.column_step;
    made.count = tiles_of(list_.positions);
    made.outputs.push_back({0, made.tiles, tiles_at(step.out)});
  }
  void over_cache(const ArrayStep& step, size_t index, uint64_t& scores) {
    CacheAttention attention(step, tiles_at(step.in), tiles_at(step.keys), descriptors_, made_);
    if (step.op == Op::kAlignment) {
      for (size_t slot = 0; slot < shape_.stored.size(); ++slot) {
        attention.align(slot, shape_.stored[slot], {Buffer::kHost, 0, scores});
        scores += alignment_size(step, shape_.stored[slot]);
      }
      return;
    }
    const BufferPlace parts{Buffer::kActivations, 0,
                            plan_.offsets[list_.values.size() + index] * kLine};
    if (is_self(step))
      attention.attend_self(self_blocks(), shape_.self_slots, parts, tiles_at(step.out));
    else
      attention.attend_cross(shape_.stored, parts, tiles_at(step.out));
  }

  const Lowering& lowering_;
  const ArrayList& list_;
  const RunShape& shape_;
  cpu::Plan plan_;
  RunDescriptors descriptors_;
  LoweredList made_;
};

Lowering::Lowering(std::span<const ArrayList> lists, const WeightsImage& image)
    : lists_(lists), image_(image) {
  for (const ArrayList& list : lists)
    for (const ArrayValue& value : list.values) {
      if (value.home == Home::kHost) {
        HostValue& host =
            host_.try_emplace(value.name, HostValue{value.layout, 0, 0}).first->second;
        host.bytes = std::max(host.bytes, bytes_of(value));
      }
      if (value.home == Home::kCross || value.home == Home::kSelf)
        layers_ = std::max(layers_, static_cast<size_t>(value.layer) + 1);
    }
  for (auto& [name, host] : host_) {
    host.offset = host_bytes_;
    host_bytes_ += (host.bytes + kObjectBytes - 1) / kObjectBytes * kObjectBytes;
  }
  logits_ = host_bytes_;
  uint64_t tiles = 0;
  for (const ArrayList& list : lists)
    for (const ArrayStep& step : list.steps)
      if (step.gives_logits()) tiles = std::max(tiles, uint64_t{tiles_of(step)});
  host_bytes_ += tiles * kernels::logits_bytes(kDecodeRows);
}

Result<LoweredList> Lowering::lower(size_t list, const RunShape& shape) const {
  return ListLowering(*this, lists_[list], shape).lower();
}

void put_row_limits(const LoweredList& list, std::span<const RunRow> rows, std::byte* host) {
  assert(rows.size() <= kDecodeRows);
  for (const RowLimits& limits : list.limits) {
    int32_t seen[kDecodeRows] = {};
    for (size_t r = 0; r < rows.size(); ++r) {
      const uint8_t slot = limits.is_self ? rows[r].self_slot : rows[r].cross_slot;
      if (slot != limits.slot) continue;
      seen[r] = limits.is_self ? rows[r].position + 1 : static_cast<int32_t>(limits.keys);
    }
    std::memcpy(host + limits.offset, seen, sizeof seen);
  }
}

}  // namespace npu::array
