// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/cache_attention.h"

#include <cstring>

#include "matmul/matmul.h"

namespace npu::array {
namespace {

using kernels::Descriptor;
using kernels::kObjectBytes;
using kernels::kTileElements;
using kernels::Op;

constexpr RowForm kPieces{kDecodeRows, true};
constexpr RowForm kWhole{kDecodeRows, false};

uint64_t score_objects(size_t keys) {
  return (tiles_of(keys) + 1) / 2;
}

}  // namespace

uint64_t alignment_size(const ArrayStep& step, size_t keys) {
  return tiles_of(step) * score_objects(keys) * kTileElements;
}

uint64_t limited_bytes(const ArrayStep& step, bool is_self, size_t slots) {
  if (!is_self && slots == 1) return 0;
  const uint64_t heads = tiles_of(step);
  return slots * (heads + (heads % kArrayColumns == 0 ? 0 : 1)) * kObjectBytes;
}

void DescriptorRun::put(const Descriptor& descriptor) {
  const size_t at = bytes.size();
  bytes.resize(at + sizeof descriptor);
  std::memcpy(bytes.data() + at, &descriptor, sizeof descriptor);
}

Operation& CacheAttention::start(Op op, const char* what, const RowForm& form,
                                 const DescriptorRun& descriptors) {
  Operation& made = to_.operations.emplace_back();
  made.name = text(step_.name, what);
  made.op = op;
  made.rows = form.rows;
  made.m_tiles = form.m_tiles();
  made.tiles = heads();
  made.descriptors = descriptors.end();
  made.descriptor_step = kObjectBytes;
  return made;
}

// A descriptor for each head, and what goes with it.
void CacheAttention::put_heads(const RowForm& form, const Slot& slot, DescriptorRun& to,
                               Operation& of) {
  of.in = queries_;
  of.in_tiles = queries_.column_tiles;
  of.objects = keys_.place;
  of.objects.slot = static_cast<uint8_t>(slot.index);
  of.object_step = keys_.column_step;
  of.count = slot.keys.blocks;
  for (uint32_t head = 0; head < heads(); ++head) {
    uint32_t flags = slot.flags;
    if (of.op == Op::kAttention && head < kArrayColumns) flags |= kernels::kHasTable;
    if (form.narrow && head + kArrayColumns >= heads()) flags |= kernels::kFlush;
    to.put(attention_descriptor(of.op, *step_.attention, head, form, slot.keys,
                                share_of(step_, heads(), head), flags));
  }
  if (heads() % kArrayColumns == 0) return;
  of.pass = to.end();
  to.put(pass_descriptor(form, share_of(step_, heads(), heads() - 1).columns));
}

void CacheAttention::attend(const Slot& slot, const Tiles& out) {
  const bool is_part = (slot.flags & kernels::kPart) != 0;
  const bool is_limited = (slot.flags & kernels::kRowLimits) != 0;
  const RowForm form = is_part ? kWhole : kPieces;
  DescriptorRun& to = is_limited ? descriptors_.limited : descriptors_.fixed;
  const uint64_t first = to.end().offset;
  Operation& made = start(Op::kAttention, is_part ? ", a slot" : "", form, to);
  put_heads(form, slot, to, made);
  made.outputs.push_back({0, heads(), out});
  const bool is_self = (slot.flags & kernels::kTransposeKeys) != 0;
  for (size_t head = 0; is_limited && head < heads(); ++head)
    to_.limits.push_back({first + head * kObjectBytes + offsetof(Descriptor, bias), is_self,
                          static_cast<uint8_t>(slot.index), slot.keys.keys});
}

Tiles CacheAttention::parts_of(size_t slots, const BufferPlace& place) const {
  return {place, Layout::kParts, heads(), kObjectBytes, slots * kObjectBytes, 0};
}

void CacheAttention::combine(size_t slots, const BufferPlace& parts, const Tiles& out) {
  DescriptorRun& to = descriptors_.fixed;
  Operation& made = start(Op::kCombine, ", combined", kPieces, to);
  made.dealt = 1;  // A brings all columns the same parts
  made.in = parts_of(slots, parts);
  made.in_tiles = static_cast<uint32_t>(slots);
  for (uint32_t head = 0; head < heads(); ++head)
    to.put(combine_descriptor(*step_.attention, static_cast<unsigned>(slots),
                              head + 1 == heads() ? kernels::kFlush : 0u));
  made.pass = to.end();
  to.put(pass_descriptor(kPieces, static_cast<unsigned>(heads() * slots)));
  made.outputs.push_back({0, heads(), out});
}

void CacheAttention::attend_self(size_t blocks, size_t slots, const BufferPlace& parts,
                                 const Tiles& out) {
  const uint32_t flags = kernels::kRowLimits | kernels::kTransposeKeys;
  const KeyBlocks keys{static_cast<unsigned>(blocks), 0};
  if (slots == 1) return attend({0, keys, flags}, out);
  for (size_t slot = 0; slot < slots; ++slot)
    attend({slot, keys, flags | kernels::kPart}, parts_of(slots, parts + slot * kObjectBytes));
  combine(slots, parts, out);
}

void CacheAttention::attend_cross(std::span<const size_t> stored, const BufferPlace& parts,
                                  const Tiles& out) {
  const auto keys = [&](size_t slot) {
    return KeyBlocks{tiles_of(stored[slot]), static_cast<unsigned>(stored[slot])};
  };
  if (stored.size() == 1) return attend({0, keys(0), 0}, out);
  for (size_t slot = 0; slot < stored.size(); ++slot)
    attend({slot, keys(slot), kernels::kRowLimits | kernels::kPart},
           parts_of(stored.size(), parts + slot * kObjectBytes));
  combine(stored.size(), parts, out);
}

void CacheAttention::align(size_t slot, size_t keys, const BufferPlace& scores) {
  DescriptorRun& run = descriptors_.fixed;
  Operation& made = start(Op::kAlignment, ", alignment", kWhole, run);
  put_heads(kWhole, {slot, {tiles_of(keys), static_cast<unsigned>(keys)}, 0}, run, made);
  const Tiles to{
      scores, Layout::kScores, heads(), kTileElements, score_objects(keys) * kTileElements, 0};
  made.outputs.push_back({0, heads(), to});
  to_.alignment.push_back({to, static_cast<uint8_t>(slot)});
}

}  // namespace npu::array
